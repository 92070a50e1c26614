#include "app/scenario/planted_bugs.h"

#include <array>
#include <utility>

namespace brokersim::scenario {
namespace {

using kafka::PlantedBugs;

constexpr std::array<std::pair<std::string_view, bool PlantedBugs::*>, 31> bugs_by_name{{
    {"hw_uses_committed_isr", &PlantedBugs::hw_uses_committed_isr},
    {"shrink_before_confirmed", &PlantedBugs::shrink_before_confirmed},
    {"truncate_to_high_watermark", &PlantedBugs::truncate_to_high_watermark},
    {"ack_before_replication", &PlantedBugs::ack_before_replication},
    {"elect_outside_isr", &PlantedBugs::elect_outside_isr},
    {"skip_duplicate_check", &PlantedBugs::skip_duplicate_check},
    {"recovery_skips_crc", &PlantedBugs::recovery_skips_crc},
    {"fsync_lies", &PlantedBugs::fsync_lies},
    {"group_frees_before_revoked", &PlantedBugs::group_frees_before_revoked},
    {"ignores_fsync_errors", &PlantedBugs::ignores_fsync_errors},
    {"cleaner_ignores_high_watermark", &PlantedBugs::cleaner_ignores_high_watermark},
    {"clean_marker_after_failed_recovery", &PlantedBugs::clean_marker_after_failed_recovery},
    {"epoch_file_unsynced", &PlantedBugs::epoch_file_unsynced},
    {"verification_shares_buffers", &PlantedBugs::verification_shares_buffers},
    {"follower_serves_log_end", &PlantedBugs::follower_serves_log_end},
    {"marker_skips_partition", &PlantedBugs::marker_skips_partition},
    {"producers_unfenced", &PlantedBugs::producers_unfenced},
    {"reads_beyond_stable", &PlantedBugs::reads_beyond_stable},
    {"aborted_list_outdated", &PlantedBugs::aborted_list_outdated},
    {"offsets_outside_transaction", &PlantedBugs::offsets_outside_transaction},
    {"markers_forgotten_on_failover", &PlantedBugs::markers_forgotten_on_failover},
    {"transactions_never_time_out", &PlantedBugs::transactions_never_time_out},
    {"coordinator_answers_uncommitted", &PlantedBugs::coordinator_answers_uncommitted},
    {"stale_members_commit", &PlantedBugs::stale_members_commit},
    {"retention_ignores_high_watermark", &PlantedBugs::retention_ignores_high_watermark},
    {"epoch_checkpoint_loses_entry", &PlantedBugs::epoch_checkpoint_loses_entry},
    {"share_answers_unpersisted", &PlantedBugs::share_answers_unpersisted},
    {"share_gives_acquired", &PlantedBugs::share_gives_acquired},
    {"share_start_skips_released", &PlantedBugs::share_start_skips_released},
    {"share_delivers_without_limit", &PlantedBugs::share_delivers_without_limit},
    {"share_forgets_released", &PlantedBugs::share_forgets_released},
}};

// A bug added to the struct must get a name here.
static_assert(sizeof(PlantedBugs) == bugs_by_name.size() * sizeof(bool));

}  // namespace

std::vector<std::string> planted_bug_names() {
  std::vector<std::string> names;
  for (const auto& [name, member] : bugs_by_name) names.emplace_back(name);
  return names;
}

bool plant(PlantedBugs& bugs, std::string_view name) {
  for (const auto& [known, member] : bugs_by_name) {
    if (known == name) {
      bugs.*member = true;
      return true;
    }
  }
  return false;
}

}  // namespace brokersim::scenario
