// The part of CUDA's driver API that the backend calls, over the fibers of `runtime.cpp`: the same names and
// arguments. Built as a library that takes the driver's place.
//
// Streams do nothing until somebody waits for one, and the first question whether an event is done is
// answered with no: what the host reuses too early is seen to change. Device memory starts as NaN, and
// has margins that are looked at after every launch.
#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

typedef int Result;
typedef uint64_t Pointer;
enum { Success, InvalidValue, OutOfMemory, InvalidPtx = 218, NotFound = 500, NotReady = 600, LaunchFailed = 719, NotSupported = 801 };

typedef std::function<Result()> Command;
struct Graph { std::vector<Command> commands; };
struct Stream { Graph* capture = nullptr; };
struct Event { bool isDone = true, wasAsked = false; std::chrono::steady_clock::time_point time; };

static std::recursive_mutex entrance;
/// What waits to be done, of all streams, in the order in which it was enqueued.
static std::deque<Command> waiting;
static Result sticky = Success;
static bool isMutated = false, failsNext = false;
static std::string lastError;
static int driverVersion = 13000, computeMajor = 8, deviceCount = 1;
static size_t totalBytes = size_t(4) << 30;
/// What was given back and the pool keeps, and how often the context is held.
static size_t pooledBytes = 0;
static int retained = 0;

#define ENTER std::lock_guard<std::recursive_mutex> guard(entrance); if (sticky) return sticky

static Result submit(Stream* stream, Command command) {
  if (stream->capture) stream->capture->commands.push_back(std::move(command));
  else waiting.push_back(std::move(command));
  return Success;
}

/// Does everything that was enqueued, until an event is done.
static Result drain(const Event* until = nullptr) {
  while (!waiting.empty() && !(until && until->isDone)) {
    Command command = std::move(waiting.front());
    waiting.pop_front();
    if (Result result = command()) return sticky = result;
  }
  return Success;
}

static Result copy(Pointer to, Pointer from, size_t bytes, Stream* stream) {
  return submit(stream, [=] { std::memmove((void*)to, (void*)from, bytes); return Result(Success); });
}

/// Runs a kernel that lacks a barrier in a child process, for it may write anywhere and never end.
static std::string launchApart(const std::function<std::string()>& launch) {
  pid_t child = fork();
  if (child == 0) {
    alarm(2);
    _exit(launch().empty() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0 ? "" : "crashed without a barrier";
}

extern "C" {
Result cuInit(unsigned) { return deviceCount ? Success : 100; }
Result cuDriverGetVersion(int* version) { *version = driverVersion; return Success; }
Result cuDeviceGetCount(int* number) { *number = deviceCount; return Success; }
Result cuDeviceGet(int* device, int ordinal) { *device = ordinal; return ordinal < deviceCount ? Success : 101; }
Result cuDeviceGetName(char* name, int length, int) { std::snprintf(name, size_t(length), "Emulated GPU"); return Success; }
Result cuDeviceTotalMem_v2(size_t* bytes, int) { *bytes = totalBytes; return Success; }
Result cuDeviceGetAttribute(int* value, int attribute, int) {
  switch (attribute) {
    case 75: *value = computeMajor; break;
    case 76: *value = 0; break;
    case 16: *value = 4; break;        // multiprocessors
    case 97: *value = 163 << 10; break;  // shared memory of a block that opts in
    case 115: *value = 1; break;       // memory pools
    default: *value = 0;
  }
  return Success;
}
Result cuDevicePrimaryCtxRetain(void** context, int) { static int only; *context = &only; retained++; return Success; }
Result cuDevicePrimaryCtxRelease_v2(int) {
  if (!retained) return 201;
  if (!--retained) pooledBytes = 0;
  return Success;
}
Result cuCtxSetCurrent(void*) { return Success; }
Result cuMemGetInfo_v2(size_t* unused, size_t* total) {
  ENTER;
  *total = totalBytes;
  *unused = totalBytes - simt::takenBytes() - pooledBytes;
  return Success;
}
Result cuDeviceGetDefaultMemPool(void** pool, int) { static int only; *pool = &only; return Success; }
Result cuMemPoolSetAttribute(void*, int, void*) { return Success; }
Result cuMemPoolTrimTo(void*, size_t) { ENTER; pooledBytes = 0; return Success; }

Result cuMemAllocAsync(Pointer* at, size_t bytes, Stream*) {
  ENTER;
  if (!bytes) return InvalidValue;
  if (simt::takenBytes() + bytes > totalBytes) return OutOfMemory;
  *at = (Pointer)simt::allocate(bytes);
  pooledBytes -= std::min(pooledBytes, bytes);
  return Success;
}
Result cuMemFreeAsync(Pointer at, Stream* stream) {
  ENTER;
  if (!simt::isAllocated((void*)at)) return InvalidValue;
  return submit(stream, [=] {
    size_t before = simt::takenBytes();
    simt::release((void*)at);
    pooledBytes += before - simt::takenBytes();
    return Result(Success);
  });
}
Result cuMemHostAlloc(void** at, size_t bytes, unsigned) { ENTER; *at = simt::allocatePinned(bytes); return Success; }
Result cuMemFreeHost(void* at) {
  std::lock_guard<std::recursive_mutex> guard(entrance);
  return simt::releasePinned(at) ? Success : InvalidValue;
}

// The driver would copy from and to other memory of the host too, but not beside other work.
Result cuMemcpyHtoDAsync_v2(Pointer to, const void* from, size_t bytes, Stream* stream) {
  ENTER;
  return simt::isPinned(from, bytes) ? copy(to, (Pointer)from, bytes, stream) : InvalidValue;
}
Result cuMemcpyDtoHAsync_v2(void* to, Pointer from, size_t bytes, Stream* stream) {
  ENTER;
  return simt::isPinned(to, bytes) ? copy((Pointer)to, from, bytes, stream) : InvalidValue;
}
Result cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, Stream* stream) {
  ENTER;
  return copy(to, from, bytes, stream);
}
Result cuMemsetD8Async(Pointer at, unsigned char value, size_t bytes, Stream* stream) {
  ENTER;
  return submit(stream, [=] { std::memset((void*)at, value, bytes); return Result(Success); });
}

Result cuStreamCreate(Stream** stream, unsigned) { ENTER; *stream = new Stream; return Success; }
Result cuStreamDestroy_v2(Stream* stream) {
  ENTER;
  Result result = drain();
  delete stream;
  return result;
}
Result cuStreamSynchronize(Stream*) { ENTER; return drain(); }
Result cuStreamBeginCapture_v2(Stream* stream, int) { ENTER; stream->capture = new Graph; return Success; }
Result cuStreamEndCapture(Stream* stream, Graph** graph) {
  ENTER;
  *graph = stream->capture;
  stream->capture = nullptr;
  return Success;
}
Result cuGraphInstantiateWithFlags(Graph** instance, Graph* graph, uint64_t) { ENTER; *instance = new Graph(*graph); return Success; }
Result cuGraphLaunch(Graph* graph, Stream* stream) {
  ENTER;
  for (const Command& command : graph->commands) submit(stream, command);
  return Success;
}
Result cuGraphExecDestroy(Graph* graph) { delete graph; return Success; }
Result cuGraphDestroy(Graph* graph) { delete graph; return Success; }

Result cuEventCreate(Event** event, unsigned) { *event = new Event; return Success; }
Result cuEventDestroy_v2(Event* event) { delete event; return Success; }
Result cuEventRecord(Event* event, Stream* stream) {
  ENTER;
  event->isDone = event->wasAsked = false;
  return submit(stream, [=] {
    event->time = std::chrono::steady_clock::now();
    event->isDone = true;
    return Result(Success);
  });
}
Result cuEventQuery(Event* event) {
  ENTER;
  if (event->isDone) return Success;
  if (!event->wasAsked) return event->wasAsked = true, NotReady;
  return drain(event);
}
Result cuEventElapsedTime(float* milliseconds, Event* start, Event* end) {
  ENTER;
  *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return Success;
}

/// Kernels are in this library; of PTX no more is looked at than its first line. Of the options, the log of errors.
Result cuModuleLoadDataEx(void** module, const char* image, unsigned count, const int* options, void** values) {
  static int only;
  *module = &only;
  if (std::strncmp(image, ".version", 8) == 0) return Success;
  char* log = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < count; i++) {
    if (options[i] == 5) log = (char*)values[i];
    if (options[i] == 6) bytes = (size_t)values[i];
  }
  if (log) std::snprintf(log, bytes, "ptxas: line 1: no version");
  return InvalidPtx;
}
Result cuModuleUnload(void*) { return Success; }
Result cuModuleGetFunction(simt::Kernel** function, void*, const char* name) {
  *function = simt::find(name);
  return *function ? Success : NotFound;
}
Result cuFuncSetAttribute(simt::Kernel* function, int attribute, int value) {
  if (attribute != 8 || size_t(value) + function->staticBytes() > 163 << 10) return InvalidValue;
  function->dynamicLimit = size_t(value);
  return Success;
}
Result cuLaunchKernel(simt::Kernel* kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                      unsigned dynamicBytes, Stream* stream, void** parameters, void**) {
  ENTER;
  bool fits = gx && gy && gz && gx < 1u << 31 && gy <= 65535 && gz <= 65535 && bx == kernel->threads && by == 1 && bz == 1;
  size_t withoutAsking = (48 << 10) - std::min(kernel->staticBytes(), size_t(48 << 10));
  if (!fits || dynamicBytes > std::max(kernel->dynamicLimit, withoutAsking)) return InvalidValue;
  auto values = std::make_shared<std::vector<std::vector<char>>>();
  for (size_t i = 0; i < kernel->sizes.size(); i++) {
    const char* value = (const char*)parameters[i];
    values->emplace_back(value, value + kernel->sizes[i]);
  }
  return submit(stream, [=]() -> Result {
    std::vector<void*> at;
    for (auto& value : *values) at.push_back(value.data());
    auto launch = [&] { return simt::launch(*kernel, {gx, gy, gz}, {bx, by, bz}, dynamicBytes, at.data()); };
    std::string error = isMutated ? launchApart(launch) : launch();
    if (failsNext) error = kernel->name + " was made to fail";
    failsNext = false;
    if (error.empty() && simt::hasWrittenMargins()) error = kernel->name + " has written outside of a buffer";
    if (error.empty()) return Success;
    lastError = error;
    return LaunchFailed;
  });
}

Result cuGetErrorName(Result result, const char** name) {
  *name = result == OutOfMemory    ? "CUDA_ERROR_OUT_OF_MEMORY"
          : result == NotFound     ? "CUDA_ERROR_NOT_FOUND"
          : result == LaunchFailed ? "CUDA_ERROR_LAUNCH_FAILED"
          : result == InvalidPtx   ? "CUDA_ERROR_INVALID_PTX"
          : result == 100          ? "CUDA_ERROR_NO_DEVICE"
                                   : "CUDA_ERROR_INVALID_VALUE";
  return Success;
}
Result cuGetErrorString(Result, const char** text) {
  *text = lastError.empty() ? "no description" : lastError.c_str();
  return Success;
}

// What tests ask for besides.
void emulatorSetOrder(unsigned order) { simt::setOrder(order); }
void emulatorSkipBarrier(const char* file, int line) { isMutated = line != 0; simt::setSkipped(file, line); }
const char* emulatorTakeReached() { static std::string list; return (list = simt::takeReached()).c_str(); }
const char* emulatorError() { return lastError.c_str(); }
void emulatorSetDevice(int devices, int version, int major, double bytes) {
  deviceCount = devices;
  driverVersion = version;
  computeMajor = major;
  totalBytes = size_t(bytes);
}
void emulatorFailNextLaunch() { failsNext = true; }
/// After a launch that failed: as if the process had begun anew, but for what is allocated.
void emulatorReset() {
  std::lock_guard<std::recursive_mutex> guard(entrance);
  sticky = Success;
  lastError.clear();
  waiting.clear();
  pooledBytes = 0;
  simt::repairMargins();
}
}
