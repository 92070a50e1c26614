// A growing array of plain records that are named by index, each group of 64 bytes in a cache line of its own.
//
// Why: a random record of a large array costs a cache miss and, with pages of 4 KiB, a miss of the address translation
// as well; from 2 MiB on the memory is aligned to 2 MiB and the system is asked to back it with huge pages. Past 256 KiB
// (64 pages: as many as a processor translates without a look into its second table) the next size is 2 MiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace brokersim::sim {

namespace detail {
/// Memory for `bytes`, aligned to `alignment`, or to 2 MiB and in huge pages from there on. Throws std::bad_alloc.
[[nodiscard]] void* allocate_slab(std::size_t bytes, std::size_t alignment = 64);
void release_slab(void* memory, std::size_t bytes, std::size_t alignment = 64) noexcept;

constexpr std::size_t kHugePage = std::size_t{2} << 20;
/// How much to ask for where `bytes` are held and half as much again or more is wanted: as much again, or a huge page.
[[nodiscard]] constexpr std::size_t next_slab(std::size_t bytes) {
  return bytes >= (std::size_t{256} << 10) && bytes < kHugePage ? kHugePage : bytes;
}
}  // namespace detail

/// T: trivially copyable, as it moves when the slab grows; indices stay.
template <class T>
class Slab {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() { detail::release_slab(data_, capacity_ * sizeof(T)); }

  [[nodiscard]] T& operator[](std::size_t index) { return data_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return data_[index]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t memory() const { return capacity_ * sizeof(T); }

  /// Adds a default record; references into the slab are void afterwards.
  T& add() {
    if (size_ == capacity_)
      grow(capacity_ == 0 ? 256 : detail::next_slab(2 * capacity_ * sizeof(T)) / sizeof(T));
    return *new (data_ + size_++) T();
  }

 private:
  void grow(std::size_t capacity) {
    T* larger = static_cast<T*>(detail::allocate_slab(capacity * sizeof(T)));
    if (size_ != 0) std::memcpy(static_cast<void*>(larger), data_, size_ * sizeof(T));
    detail::release_slab(data_, capacity_ * sizeof(T));
    data_ = larger;
    capacity_ = capacity;
  }
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace brokersim::sim
