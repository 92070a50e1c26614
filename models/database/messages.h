// What travels between a client and the database, and its size.
//
// Sizes: PostgreSQL's extended protocol with prepared statements: Bind + Execute + Sync about 40 bytes and 12 per
// parameter; CommandComplete + ReadyForQuery 20; a DataRow 7 + 4 per column and its bytes.
#pragma once

#include <cstdint>
#include <memory>

#include "models/database/statement.h"
#include "models/devices/network/peer.h"
#include "sim/units.h"

namespace brokersim::database {

inline constexpr network::Port kDatabasePort{5432};

struct Request final : network::Message {
  enum class Kind : std::uint8_t { begin, statement, commit, rollback };
  Kind kind = Kind::statement;
  Isolation isolation = Isolation::read_committed;  ///< begin.
  Statement statement;                              ///< Outside begin ... commit: a transaction of its own.
};

struct Reply final : network::Message {
  Result result;
  Serial transaction = kNoSerial;  ///< begin, commit: which one.
};

[[nodiscard]] inline sim::Bytes wire_bytes(const Request& request) {
  if (request.kind != Request::Kind::statement) return {24};
  const auto parameters = request.statement.keys.size() + request.statement.changes.size() +
                          (request.statement.kind == Statement::Kind::insert ? kColumns + 1 : 2);
  return {40 + 12 * static_cast<std::int64_t>(parameters)};
}
[[nodiscard]] inline sim::Bytes wire_bytes(const Reply& reply, std::int64_t row_bytes) {
  return {20 + static_cast<std::int64_t>(reply.result.rows.size()) * (7 + row_bytes)};
}

}  // namespace brokersim::database
