// What compiled kernels need of `runtime.cpp`: where a thread stands, barriers, exchanges between the lanes
// of a warp, and the list of kernels by name.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x = 1, y = 1, z = 1; };

namespace simt {

extern uint3 threadIndex, blockIndex;
extern dim3 blockSize, gridSize;
extern char dynamicShared[];

/// Where a barrier stands in the source of a kernel.
struct Site { const char* file; int line; };

void blockBarrier(Site site);
void warpBarrier(Site site, unsigned mask = ~0u);
unsigned lane();
unsigned ballot(unsigned mask, bool predicate);

/// Gives `value` to the other lanes of the mask; returns what lane `source` gave.
uint64_t exchangeWord(unsigned mask, uint64_t value, unsigned source);

template <class T> T exchange(unsigned mask, T value, unsigned source) {
  static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
  uint64_t word = 0;
  std::memcpy(&word, &value, sizeof value);
  word = exchangeWord(mask, word, source);
  std::memcpy(&value, &word, sizeof value);
  return value;
}

/// Ends the launch with an error that names kernel, block and thread.
[[noreturn]] void fail(const std::string& why);

using Invoker = void (*)(void (*)(), void**);

/// A kernel, what it may be launched with, and where its shared memory lies.
struct Kernel {
  std::string name;
  void (*function)();
  Invoker invoke;
  unsigned threads;
  std::vector<size_t> sizes;
  char* shared;
  char* sharedEnd;
  /// Dynamic shared memory that was asked for with an attribute; without one it has 48 KiB together with what is not.
  size_t dynamicLimit = 0;
  size_t staticBytes() const { return size_t(sharedEnd - shared); }
};

bool add(Kernel kernel);
Kernel* find(const std::string& name);

/// Runs all blocks. Empty, or what went wrong.
std::string launch(const Kernel& kernel, dim3 grid, dim3 block, size_t dynamicBytes, void** parameters);

/// The order of blocks, warps and lanes: 0 rising, 1 falling, otherwise shuffled at every turn.
void setOrder(unsigned order);

/// Leaves out the barriers of a line from here on; none with line 0.
void setSkipped(const std::string& file, int line);

/// "file:line" of each barrier that was reached since the last call, one a line.
std::string takeReached();

template <class... Parameter, size_t... Index>
void call(void (*function)(Parameter...), void** at, std::index_sequence<Index...>) {
  function(*static_cast<std::remove_cv_t<Parameter>*>(at[Index])...);
}

template <class... Parameter>
bool add(const char* name, unsigned threads, void (*function)(Parameter...), char* shared, char* sharedEnd) {
  Invoker invoke = [](void (*erased)(), void** at) {
    call(reinterpret_cast<void (*)(Parameter...)>(erased), at, std::index_sequence_for<Parameter...>{});
  };
  auto erased = reinterpret_cast<void (*)()>(function);
  return add(Kernel{name, erased, invoke, threads, {sizeof(Parameter)...}, shared, sharedEnd});
}

}  // namespace simt
