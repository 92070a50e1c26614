#include "app/scenario/field.h"

namespace brokersim::scenario {

const Field* Table::find(std::string_view field) const {
  for (const Field& candidate : fields) {
    if (candidate.name == field) return &candidate;
  }
  return nullptr;
}

bool is_quantity(FieldType type) {
  return type == FieldType::duration || type == FieldType::size || type == FieldType::bandwidth ||
         type == FieldType::rate;
}

Dimension dimension_of(FieldType type) {
  switch (type) {
    case FieldType::size: return Dimension::size;
    case FieldType::bandwidth: return Dimension::bandwidth;
    case FieldType::rate: return Dimension::rate;
    default: return Dimension::duration;
  }
}

}  // namespace brokersim::scenario
