// A thread of control of its own stack, switched to and from by hand: what a callee must preserve goes onto
// one stack and comes from another.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace simt {

constexpr size_t DYNAMIC_BYTES = 232448;
constexpr size_t STACK_BYTES = 64 << 10;

struct Fiber {
  void* stackPointer = nullptr;
  char* stack = nullptr;
};

/// Leaves the current stack at `*save` and goes on where `load` was left.
extern "C" void switchFiber(void** save, void* load);

#if defined(__x86_64__)
constexpr int SAVED_WORDS = 6;
asm(R"(.text
.weak switchFiber
.type switchFiber,@function
switchFiber:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
)");
#elif defined(__aarch64__)
constexpr int SAVED_WORDS = 20;
asm(R"(.text
.weak switchFiber
.type switchFiber,@function
switchFiber:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]; stp x21, x22, [sp, #16]; stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]; stp x27, x28, [sp, #64]
  stp d8, d9, [sp, #80]; stp d10, d11, [sp, #96]; stp d12, d13, [sp, #112]; stp d14, d15, [sp, #128]
  stp x29, x30, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]; ldp x21, x22, [sp, #16]; ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]; ldp x27, x28, [sp, #64]
  ldp d8, d9, [sp, #80]; ldp d10, d11, [sp, #96]; ldp d12, d13, [sp, #112]; ldp d14, d15, [sp, #128]
  ldp x29, x30, [sp, #144]
  add sp, sp, #160
  ret
)");
#else
#error "fibers are written for x86-64 and arm64"
#endif

/// The next switch to the fiber calls `entry`, which never returns.
inline void prepareFiber(Fiber& fiber, void (*entry)(), unsigned index) {
  if (!fiber.stack) fiber.stack = static_cast<char*>(std::aligned_alloc(64, STACK_BYTES));
  // Tops at the same offset of every stack would share a few cache lines.
  void** top = reinterpret_cast<void**>(fiber.stack + STACK_BYTES - index % 61 * 192);
#if defined(__x86_64__)
  *--top = nullptr;
  *--top = reinterpret_cast<void*>(entry);  // returned to, with the stack as after a call: 8 past a multiple of 16
  for (int i = 0; i < SAVED_WORDS; i++) *--top = nullptr;
#else
  for (int i = 0; i < SAVED_WORDS; i++) *--top = nullptr;
  top[19] = reinterpret_cast<void*>(entry);
#endif
  fiber.stackPointer = top;
}

}  // namespace simt
