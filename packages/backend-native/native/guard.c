#define _GNU_SOURCE
#include "guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

// Where this thread goes on when its memory is not there; null outside of guarded work.
static _Thread_local sigjmp_buf *way_out;

static struct sigaction previous;

static void on_signal(int signal) {
  if (way_out) siglongjmp(*way_out, 1);
  // Not ours: whoever was there before gets it when the instruction is tried again.
  sigaction(signal, &previous, 0);
}

static void install(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

void guard_start(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install);
}

bool guarded(Work work, const void *arguments, uint32_t part, uint32_t parts) {
  sigjmp_buf here;
  if (sigsetjmp(here, 0) != 0) {
    way_out = 0;
    return false;
  }
  way_out = &here;
  work(arguments, part, parts);
  way_out = 0;
  return true;
}
