// Runs the threads of a block as fibers on one thread of the processor. A fiber goes on until a barrier,
// a warp operation or its end, so that between those the order of threads is free to choose, and is.
//
// A block finds its shared memory full of NaN. A barrier that some threads pass and others never reach, or
// a warp operation with a mask that does not fit, ends the launch with kernel, block and thread.
#include "runtime.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <set>

#include "fiber.h"

namespace simt {

uint3 threadIndex, blockIndex;
dim3 blockSize, gridSize;
alignas(128) char dynamicShared[DYNAMIC_BYTES];

namespace {

enum State : uint8_t { Runnable, AtBlock, AtWarp, Done };

struct Thread {
  Fiber fiber;
  State state;
  uint3 index;
  Site site;
};

/// Lanes that meet: who has come, with what, and for which mask.
struct Warp {
  unsigned arrived = 0, mask = 0, live = 0, generation = 0;
  uint64_t words[2][32];
};

std::vector<Thread> threads;
std::vector<Warp> warps;
unsigned current, count;
void* scheduler;
const Kernel* running;
void** arguments;
std::string error;
unsigned order;
uint64_t randomState;
Site skipped{"", 0};
std::string skippedFile;
std::set<std::string> reached;

unsigned randomBelow(unsigned limit) {
  randomState ^= randomState << 13;
  randomState ^= randomState >> 7;
  randomState ^= randomState << 17;
  return unsigned((randomState >> 32) * limit >> 32);
}

/// 0 … n − 1 in the order that was set.
void arrange(std::vector<unsigned>& indices, unsigned n) {
  indices.resize(n);
  std::iota(indices.begin(), indices.end(), 0u);
  if (order == 1) std::reverse(indices.begin(), indices.end());
  if (order > 1) for (unsigned i = n; i > 1; i--) std::swap(indices[i - 1], indices[randomBelow(i)]);
}

void wait(State state) {
  threads[current].state = state;
  switchFiber(&threads[current].fiber.stackPointer, scheduler);
}

void threadMain() {
  running->invoke(running->function, arguments);
  warps[current / 32].live &= ~(1u << current % 32);
  wait(Done);
}

bool isSkipped(Site site) {
  const char* slash = std::strrchr(site.file, '/');
  std::string file = slash ? slash + 1 : site.file;
  reached.insert(file + ":" + std::to_string(site.line));
  return skipped.line == site.line && skippedFile == file;
}

/// All lanes of the mask meet; the last to come wakes the others. Returns which half of `words` they used.
unsigned meet(unsigned mask, uint64_t word) {
  Warp& warp = warps[current / 32];
  unsigned mine = current % 32, half = warp.generation & 1;
  if (!(mask >> mine & 1)) fail("calls a warp operation whose mask leaves it out");
  if (warp.arrived && warp.mask != mask) fail("meets its warp with another mask");
  warp.mask = mask;
  warp.words[half][mine] = word;
  warp.arrived |= 1u << mine;
  if ((warp.arrived & mask) != (mask & (warp.live | warp.arrived))) {
    wait(AtWarp);
    return half;
  }
  unsigned woken = warp.arrived & ~(1u << mine);
  warp.arrived = 0;
  warp.generation++;
  for (unsigned i = 0; i < 32; i++) if (woken >> i & 1) threads[current / 32 * 32 + i].state = Runnable;
  return half;
}

void startBlock() {
  if (threads.size() < count) threads.resize(count);
  warps.assign((count + 31) / 32, Warp{});
  for (unsigned i = 0; i < count; i++) {
    Thread& thread = threads[i];
    prepareFiber(thread.fiber, threadMain, i);
    thread.state = Runnable;
    thread.index = {i % blockSize.x, i / blockSize.x % blockSize.y, i / (blockSize.x * blockSize.y)};
    warps[i / 32].live |= 1u << i % 32;
  }
}

/// Runs every thread that can run until none can. Whether any did.
bool runThreads() {
  static std::vector<unsigned> warpOrder, laneOrder;
  bool ran = false;
  arrange(warpOrder, unsigned(warps.size()));
  for (unsigned warp : warpOrder) {
    for (bool again = true; again;) {
      again = false;
      arrange(laneOrder, 32);
      for (unsigned lane : laneOrder) {
        unsigned i = warp * 32 + lane;
        if (i >= count || threads[i].state != Runnable) continue;
        current = i;
        threadIndex = threads[i].index;
        switchFiber(&scheduler, threads[i].fiber.stackPointer);
        if (!error.empty()) return false;
        again = ran = true;
      }
    }
  }
  return ran;
}

/// Describes what is wrong with the threads that wait, when none can run; empty when all wait at one barrier.
std::string stuck() {
  const Thread* barrier = nullptr;
  for (unsigned i = 0; i < count; i++) {
    const Thread& thread = threads[i];
    current = i;
    if (thread.state == AtWarp) return "waits for lanes of its warp that never come";
    if (thread.state != AtBlock) continue;
    if (barrier && barrier->site.line != thread.site.line) return "waits at another __syncthreads than the rest";
    barrier = &thread;
  }
  return "";
}

std::string describe(const std::string& why) {
  auto text = [](unsigned value) { return std::to_string(value); };
  return running->name + ", block (" + text(blockIndex.x) + ", " + text(blockIndex.y) + ", " + text(blockIndex.z) +
         "), thread " + text(current) + ": " + why;
}

void runBlock(size_t dynamicBytes) {
  startBlock();
  if (running->shared) std::memset(running->shared, 0xff, size_t(running->sharedEnd - running->shared));
  std::memset(dynamicShared, 0xff, dynamicBytes);
  for (;;) {
    runThreads();
    if (!error.empty()) return;
    std::string why = stuck();
    if (!why.empty()) error = describe(why);
    bool waits = false;
    for (unsigned i = 0; i < count; i++) {
      if (threads[i].state != AtBlock) continue;
      threads[i].state = Runnable;
      waits = true;
    }
    if (!waits || !error.empty()) return;
  }
}

std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

}  // namespace

bool add(Kernel kernel) {
  kernels()[kernel.name] = kernel;
  return true;
}

Kernel* find(const std::string& name) {
  auto found = kernels().find(name);
  return found == kernels().end() ? nullptr : &found->second;
}

void fail(const std::string& why) {
  error = describe(why);
  switchFiber(&threads[current].fiber.stackPointer, scheduler);
  std::abort();  // never comes back: the launch is over
}

void blockBarrier(Site site) {
  if (isSkipped(site)) return;
  threads[current].site = site;
  wait(AtBlock);
}

void warpBarrier(Site site, unsigned mask) {
  if (!isSkipped(site)) meet(mask, 0);
}

unsigned lane() { return current % 32; }

uint64_t exchangeWord(unsigned mask, uint64_t value, unsigned source) {
  unsigned warp = current / 32, half = meet(mask, value);
  if (!(mask >> (source & 31) & 1)) fail("reads a lane outside of the mask");
  return warps[warp].words[half][source & 31];
}

unsigned ballot(unsigned mask, bool predicate) {
  unsigned warp = current / 32, half = meet(mask, predicate), result = 0;
  for (unsigned i = 0; i < 32; i++) if (mask >> i & 1 && warps[warp].words[half][i] == 1) result |= 1u << i;
  return result;
}

std::string launch(const Kernel& kernel, dim3 grid, dim3 block, size_t dynamicBytes, void** parameters) {
  running = &kernel;
  arguments = parameters;
  blockSize = block;
  gridSize = grid;
  count = block.x * block.y * block.z;
  error.clear();
  randomState = 0x9e3779b97f4a7c15u * (order + 1);
  std::vector<unsigned> blocks;
  arrange(blocks, grid.x * grid.y * grid.z);
  for (unsigned i : blocks) {
    blockIndex = {i % grid.x, i / grid.x % grid.y, i / (grid.x * grid.y)};
    runBlock(dynamicBytes);
    if (!error.empty()) break;
  }
  return error;
}

void setOrder(unsigned value) { order = value; }

void setSkipped(const std::string& file, int line) {
  skippedFile = file;
  skipped.line = line;
}

std::string takeReached() {
  std::string list;
  for (const std::string& site : reached) list += site + "\n";
  reached.clear();
  return list;
}

}  // namespace simt
