#include "models/outbox/crash.h"

namespace brokersim::outbox {

const char* to_string(Step step) {
  switch (step) {
    case Step::none: return "none";
    case Step::before_transaction: return "before_transaction";
    case Step::after_insert: return "after_insert";
    case Step::before_commit: return "before_commit";
    case Step::after_commit: return "after_commit";
    case Step::after_send: return "after_send";
    case Step::after_ack: return "after_ack";
    case Step::after_select: return "after_select";
    case Step::after_publish: return "after_publish";
    case Step::after_acknowledgement: return "after_acknowledgement";
    case Step::after_mark: return "after_mark";
    case Step::after_mark_commit: return "after_mark_commit";
    case Step::before_effect: return "before_effect";
    case Step::after_effect: return "after_effect";
    case Step::after_effect_commit: return "after_effect_commit";
  }
  return "";
}

bool crash_is_due(const CrashSite& site, const CrashPlan& plan, Step step) {
  return plan.at == step && ++site.count->reached % plan.every == 0;
}

void crash_now(const CrashSite& site, const CrashPlan& plan, Step step, history::EventNumber event) {
  site.history->record(history::CrashedAtStep{site.host->sim().now(), site.workload, to_string(step), event});
  site.supervisor->restart(*site.host, site.program, plan.restart_after);
  site.host->kill(site.program);
}

bool crash_here(const CrashSite& site, const CrashPlan& plan, Step step, history::EventNumber event) {
  if (!crash_is_due(site, plan, step)) return false;
  crash_now(site, plan, step, event);
  return true;
}

}  // namespace brokersim::outbox
