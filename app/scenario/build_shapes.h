// Keys, sizes and listed arrivals of a kafka_producer workload.
#pragma once

#include "app/scenario/build.h"

namespace brokersim::scenario {

/// Fills keys, sizes and what a trace says into `workload`, whose name, start, end and client settings are known; reports what
/// is wrong. `topic` may be null after an error.
void build_shape(Build& build, const View& view, const kafka::TopicSpec* topic,
                 world::ProducerWorkload& workload);

/// `file` beside the document `document`: the path to read, or nothing and `why` not. A relative path does not leave the folder
/// of the document, not through a link either.
[[nodiscard]] std::optional<std::string> beside(const std::string& document, const std::string& file,
                                                std::string& why);

}  // namespace brokersim::scenario
