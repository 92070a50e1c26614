#include "models/database/wal_writer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "sim/check.h"

namespace brokersim::database {

namespace {

constexpr const char* kFolder = "pg_wal/";

}  // namespace

std::string wal_file(std::int64_t segment) {
  char name[40];
  std::snprintf(name, sizeof name, "%s00000001%016llX", kFolder, static_cast<unsigned long long>(segment));
  return name;
}

std::optional<std::int64_t> wal_segment(const std::string& file) {
  if (!file.starts_with(kFolder) || file.size() != wal_file(0).size()) return std::nullopt;
  return static_cast<std::int64_t>(std::strtoull(file.c_str() + file.size() - 16, nullptr, 16));
}

WalWriter::WalWriter(storage::FileSystem& files, const DatabaseConfig& config, const WalContent& content,
                     WalResidue& residue)
    : files_(files),
      config_(config),
      content_(content),
      residue_(residue),
      written_(content.end()),
      flushed_(content.end()),
      first_segment_(content.end() / config.wal_segment_size.n) {
  for (const std::string& name : files_.list(kFolder)) {
    if (const auto segment = wal_segment(name)) first_segment_ = std::min(first_segment_, *segment);
  }
  residue_.written = written_;
  residue_.flushed = flushed_;
}

/// Hands the buffers to the kernel. Returns how long it holds the writer back.
sim::Duration WalWriter::write_all() {
  sim::Duration held;
  while (written_ < content_.end() && status_ == storage::Status::ok) {
    const std::int64_t segment = written_ / config_.wal_segment_size.n;
    const Lsn to = std::min(content_.end(), (segment + 1) * config_.wal_segment_size.n);
    const storage::FileId file = files_.create(wal_file(segment));
    const storage::ContentTag tag = content_.count_to(to) + 1;
    const storage::WriteResult result = files_.write(file, {to - written_}, tag);
    status_ = result.status;
    held += result.held_back;
    if (result.status == storage::Status::ok) written_ = to;
  }
  residue_.written = written_;
  return held;
}

sim::Task<storage::Status> WalWriter::flush(Lsn lsn, std::size_t others) {
  while (flushed_ < lsn && status_ == storage::Status::ok) {
    if (busy_) {
      co_await done_.wait();
      continue;
    }
    busy_ = true;
    if (config_.commit_delay.ns > 0 && others >= static_cast<std::size_t>(config_.commit_siblings))
      co_await sim::delay(config_.commit_delay, "database.commit_delay");
    const Lsn from = written_;
    const sim::Duration held = write_all();
    if (held.ns > 0) co_await sim::delay(held, "database.throttled");
    const Lsn to = written_;
    if (config_.fsync) {
      // A flush may reach over the end of a segment; each file is synced by itself.
      for (std::int64_t s = std::min(from, flushed_) / config_.wal_segment_size.n;
           s <= std::max<Lsn>(to - 1, 0) / config_.wal_segment_size.n && status_ == storage::Status::ok;
           ++s) {
        const auto file = files_.find(wal_file(s));
        if (!file) continue;
        sim::Task<storage::Status> sync = files_.datasync(*file);
        const storage::Status status = co_await sync;
        if (status != storage::Status::ok) status_ = status;
      }
    }
    ++flushes_;
    if (status_ == storage::Status::ok) flushed_ = residue_.flushed = std::max(flushed_, to);
    busy_ = false;
    done_.notify_all();
  }
  co_return status_;
}

sim::Task<storage::Status> WalWriter::background() {
  while (status_ == storage::Status::ok) {
    co_await sim::delay(config_.wal_writer_delay, "database.wal_writer");
    if (content_.end() > flushed_) {
      sim::Task<storage::Status> flushing = flush(content_.end(), 0);
      static_cast<void>(co_await flushing);
    }
  }
  co_return status_;
}

void WalWriter::remove_before(Lsn lsn) {
  for (; (first_segment_ + 1) * config_.wal_segment_size.n <= lsn; ++first_segment_)
    files_.remove(wal_file(first_segment_));
}

}  // namespace brokersim::database
