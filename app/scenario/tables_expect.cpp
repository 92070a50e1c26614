// What may be expected of an outcome.
#include "app/scenario/field.h"
#include "app/scenario/metrics.h"
#include "models/checkers/law_book.h"
#include "models/checkers/probes.h"

namespace brokersim::scenario {

using enum FieldType;

namespace {

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& m : metrics()) names.push_back(m.name);
  return names;
}

std::vector<std::string> probe_names() {
  std::vector<std::string> names;
  for (const checkers::ProbeInfo& probe : checkers::probes()) names.push_back(probe.name);
  return names;
}

std::vector<std::string> check_ids() {
  std::vector<std::string> ids;
  for (const checkers::CheckInfo& check : checkers::checks()) ids.push_back(check.id);
  return ids;
}

}  // namespace

const Table& published_table() {
  static const Table table{
      "published",
      "",
      "A published measurement.",
      {
          {.name = "metric",
           .type = choice,
           .doc = "What it is to be compared with (`brokersim list metrics`).",
           .required = true,
           .choices = metric_names()},
          {.name = "of", .type = text, .doc = "A workload. Default: the whole run."},
          {.name = "value",
           .type = limit,
           .doc = "The measured value, in the metric's unit or with its own.",
           .required = true},
          {.name = "clock",
           .type = choice,
           .doc = "How it was measured. sent_in_ms: from the record's timestamp, whole milliseconds "
                  "cut off, to an exact time. in_ms: printed in whole milliseconds, cut off. For "
                  "`make reference`.",
           .fallback = "exact",
           .choices = {"exact", "sent_in_ms", "in_ms"}},
          {.name = "source", .type = text, .doc = "Where it was published."},
      }};
  return table;
}

const Variants& expectation_variants() {
  static const Table metric{"expectation",
                            "metric",
                            "A number of the outcome within limits.",
                            {
                                {.name = "metric",
                                 .type = choice,
                                 .doc = "Its name (`brokersim list metrics`).",
                                 .required = true,
                                 .choices = metric_names()},
                                {.name = "of",
                                 .type = text,
                                 .doc = "A workload, or a partition (\"orders/0\"). Default: the whole run."},
                                {.name = "equals", .type = limit, .doc = "It must be exactly this."},
                                {.name = "at_most", .type = limit, .doc = "It may not be above this."},
                                {.name = "at_least", .type = limit, .doc = "It may not be below this."},
                            }};
  static const Table check{"expectation",
                           "check",
                           "The verdict of a law.",
                           {
                               {.name = "check",
                                .type = choice,
                                .doc = "Its id (`brokersim list checks`).",
                                .required = true,
                                .choices = check_ids()},
                               {.name = "verdict",
                                .type = choice,
                                .doc = "The verdict it must have.",
                                .required = true,
                                .choices = {"holds", "violated", "not_applicable"}},
                           }};
  static const Table sometimes{
      "expectation",
      "sometimes",
      "A rare state that must have been reached; a run that never reached it is inconclusive.",
      {{.name = "sometimes",
        .type = choice,
        .doc = "The probe (`brokersim list probes`): \"isr_shrank\".",
        .required = true,
        .choices = probe_names()}}};
  static const Variants variants{"expectation", "", {&metric, &check, &sometimes}};
  return variants;
}

}  // namespace brokersim::scenario
