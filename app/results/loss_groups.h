// Losses told together: several producers' records that shared one fate in one partition are one story.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/checkers/losses.h"

namespace brokersim::results {

/// Losses that differ in nothing but who wrote which records, and when they were acknowledged. It points into the
/// list that it was made from.
class LossGroup {
 public:
  /// False if the loss has another partition, acks, acknowledging broker or fate than those of the group.
  [[nodiscard]] bool tells(const checkers::Loss& loss) const;
  void add(const checkers::Loss& loss) { losses_.push_back(&loss); }

  [[nodiscard]] std::int64_t records() const;
  /// "14 records of 2 producers in telemetry/0".
  [[nodiscard]] std::string title() const;
  /// Who wrote what, who acknowledged it, how it was lost: whole sentences.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::vector<const checkers::Loss*>& losses() const { return losses_; }

 private:
  std::vector<const checkers::Loss*> losses_;
};

/// In the order of each group's first loss.
[[nodiscard]] std::vector<LossGroup> group_losses(const std::vector<checkers::Loss>& losses);

}  // namespace brokersim::results
