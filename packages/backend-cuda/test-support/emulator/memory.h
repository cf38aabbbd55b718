// Memory of the emulated device, full of NaN and with a margin on each side, and pinned memory of the host.
// The device's is shared with child processes, in which kernels run that are wrong on purpose.
#pragma once
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>

#include "runtime.h"

namespace simt {

constexpr size_t MARGIN = 256;
constexpr unsigned char MARGIN_BYTE = 0xc5, NEW_BYTE = 0xff;

inline std::map<char*, size_t> allocations;
inline std::map<char*, size_t> pinned;
inline size_t taken = 0;

inline size_t takenBytes() { return taken; }

inline void fillMargins(char* at, size_t bytes) {
  std::memset(at - MARGIN, MARGIN_BYTE, MARGIN);
  std::memset(at + bytes, MARGIN_BYTE, MARGIN);
}

inline void* allocate(size_t bytes) {
  void* block = mmap(nullptr, bytes + 2 * MARGIN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char* at = static_cast<char*>(block) + MARGIN;
  std::memset(at, NEW_BYTE, bytes);
  fillMargins(at, bytes);
  allocations[at] = bytes;
  taken += bytes;
  return at;
}

inline bool isAllocated(void* at) { return allocations.count(static_cast<char*>(at)) != 0; }

inline void release(void* memory) {
  char* at = static_cast<char*>(memory);
  size_t bytes = allocations[at];
  taken -= bytes;
  allocations.erase(at);
  munmap(at - MARGIN, bytes + 2 * MARGIN);
}

inline bool hasWrittenMargins() {
  static const std::string expected(MARGIN, char(MARGIN_BYTE));
  for (auto [at, bytes] : allocations) {
    if (std::memcmp(at - MARGIN, expected.data(), MARGIN) || std::memcmp(at + bytes, expected.data(), MARGIN)) return true;
  }
  return false;
}

inline void repairMargins() {
  for (auto [at, bytes] : allocations) fillMargins(at, bytes);
}

inline void* allocatePinned(size_t bytes) {
  char* at = static_cast<char*>(std::aligned_alloc(256, (bytes + 255) / 256 * 256));
  pinned[at] = bytes;
  return at;
}

inline bool releasePinned(void* at) {
  if (!pinned.erase(static_cast<char*>(at))) return false;
  std::free(at);
  return true;
}

inline bool isPinned(const void* memory, size_t bytes) {
  char* at = static_cast<char*>(const_cast<void*>(memory));
  auto next = pinned.upper_bound(at);
  if (next == pinned.begin()) return false;
  auto [start, size] = *--next;
  return at + bytes <= start + size;
}

}  // namespace simt
