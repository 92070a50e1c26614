// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of record batches and producer snapshots.
#pragma once

#include <cstdint>
#include <string_view>

namespace brokersim::log::format {

/// The checksum of `bytes`; `before` continues that of the bytes before them. About 1.5 to 3 GB/s.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace brokersim::log::format
