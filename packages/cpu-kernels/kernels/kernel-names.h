// The name of every kernel here; a backend adds its own `linear`. As `kernelNames` in `src/kernel-host.ts`.
#pragma once

#define EACH_KERNEL(KERNEL_NAME)                                                                       \
  KERNEL_NAME(checkRange)                                                                              \
  KERNEL_NAME(checkNumber)                                                                             \
  KERNEL_NAME(checkTokens)                                                                             \
  KERNEL_NAME(checkSegments)                                                                           \
  KERNEL_NAME(checkPages)                                                                              \
  KERNEL_NAME(checkWrites)                                                                             \
  KERNEL_NAME(resolveToken)                                                                            \
  KERNEL_NAME(countTokens)                                                                             \
  KERNEL_NAME(embed)                                                                                   \
  KERNEL_NAME(gatherRows)                                                                              \
  KERNEL_NAME(rmsNorm)                                                                                 \
  KERNEL_NAME(causalConv)                                                                              \
  KERNEL_NAME(ssmScan)                                                                                 \
  KERNEL_NAME(gatedGroupNorm)                                                                          \
  KERNEL_NAME(writeKv)                                                                                 \
  KERNEL_NAME(attention)                                                                               \
  KERNEL_NAME(adjustLogits)                                                                            \
  KERNEL_NAME(drawToken)                                                                               \
  KERNEL_NAME(logSumExp)                                                                               \
  KERNEL_NAME(topK)                                                                                    \
  KERNEL_NAME(tokenLogit)
