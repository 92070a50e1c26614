// Small files that are read and written whole: checkpoints, markers.
#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

FileId FileSystem::write_temporary(const std::string& temporary, std::string content) {
  remove(temporary);  // one that a killed writer left behind
  const FileId id = make_file(temporary);
  if (content.empty()) return id;
  File& written = file(id);
  const auto length = static_cast<std::int64_t>(content.size());
  written.content = std::move(content);
  write_range(written, length, kNoTag);
  // Checkpoints are far below the throttling batch of a thread, so no pause.
  static_cast<void>(page_cache_.add_dirty(number_, written.writer, length));
  return id;
}

sim::Task<Status> FileSystem::replace(std::string name, std::string content) {
  const std::string temporary = name + ".tmp";
  const FileId id = write_temporary(temporary, std::move(content));
  const Status written = co_await sync(id);
  if (written != Status::ok) co_return written;
  if (!rename(temporary, name)) co_return Status::no_file;
  co_return co_await sync_names();
}

void FileSystem::replace_unsynced(std::string_view name, std::string content) {
  const std::string temporary = std::string(name) + ".tmp";
  write_temporary(temporary, std::move(content));
  rename(temporary, name);
}

std::optional<std::string> FileSystem::read_whole(std::string_view name) const {
  const File* const read = find_file(name);
  if (read == nullptr) return std::nullopt;
  return read->content;
}

sim::Task<Status> FileSystem::remove_durably(std::string name) {
  if (!remove(name)) co_return Status::no_file;
  co_return co_await sync_names();
}

}  // namespace brokersim::storage
