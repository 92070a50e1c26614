#include "app/results/loss_groups.h"

#include <algorithm>

#include "models/checkers/loss_story.h"
#include "models/checkers/words.h"

namespace brokersim::results {

bool LossGroup::tells(const checkers::Loss& loss) const {
  const checkers::Loss& first = *losses_.front();
  return first.partition == loss.partition && first.acks == loss.acks &&
         first.acknowledged_by == loss.acknowledged_by && first.fate == loss.fate;
}

std::int64_t LossGroup::records() const {
  std::int64_t sum = 0;
  for (const checkers::Loss* loss : losses_) sum += loss->records;
  return sum;
}

std::string LossGroup::title() const {
  const checkers::Loss& first = *losses_.front();
  const std::string who =
      losses_.size() == 1 ? first.producer_name : std::to_string(losses_.size()) + " producers";
  return checkers::records_text(records()) + " of " + who + " in " + first.partition_name;
}

std::string LossGroup::text() const {
  const checkers::Loss& first = *losses_.front();
  if (losses_.size() == 1) return first.explanation;
  constexpr std::size_t shown = 6;
  std::string text = "Written by ";
  sim::SimTime from = first.acknowledged_from;
  sim::SimTime to = first.acknowledged_to;
  for (std::size_t i = 0; i < losses_.size(); ++i) {
    const checkers::Loss& loss = *losses_[i];
    from = std::min(from, loss.acknowledged_from);
    to = std::max(to, loss.acknowledged_to);
    if (i < shown)
      text += (i == 0 ? "" : ", ") + loss.producer_name + " (" + checkers::ordinals_text(loss) + ")";
  }
  if (losses_.size() > shown) text += " and " + std::to_string(losses_.size() - shown) + " more";
  return text + ". " +
         checkers::tell_acknowledgement(first.acks, first.acknowledged_by, from, to, records()) + " " +
         first.fate;
}

std::vector<LossGroup> group_losses(const std::vector<checkers::Loss>& losses) {
  std::vector<LossGroup> groups;
  for (const checkers::Loss& loss : losses) {
    const auto same =
        std::find_if(groups.begin(), groups.end(), [&](const LossGroup& group) { return group.tells(loss); });
    (same == groups.end() ? groups.emplace_back() : *same).add(loss);
  }
  return groups;
}

}  // namespace brokersim::results
