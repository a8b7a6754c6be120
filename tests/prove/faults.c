/* A library to preload: a disk that is read-only, full or slow, and a clock that jumps, as a file of three numbers says.

   FAULTS names the file: the error of writes (errno, 0 for none), the delay of each fsync in milliseconds, and the offset of the
   clock in seconds, as 64-bit integers. It is mapped into memory, so a change counts at once. Only files whose path contains
   "crossdock.db" have a bad disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t none[3];
static const volatile int64_t *faults = none;

__attribute__((constructor)) static void map_faults(void) {
  const char *path = getenv("FAULTS");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) faults = mapped;
  close(file);
}

static int is_database(int file) {
  char name[64], path[4096];
  snprintf(name, sizeof name, "/proc/self/fd/%d", file);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "crossdock.db") != NULL;
}

static int fails(int file) {
  if (!faults[0] || !is_database(file)) return 0;
  errno = (int)faults[0];
  return 1;
}

static void delay(int file) {
  if (faults[1] && is_database(file)) usleep((useconds_t)(faults[1] * 1000));
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *data, size_t size) { return fails(file) ? -1 : NEXT(write)(file, data, size); }
ssize_t pwrite(int file, const void *data, size_t size, off_t at) { return fails(file) ? -1 : NEXT(pwrite)(file, data, size, at); }
ssize_t pwrite64(int file, const void *data, size_t size, off64_t at) { return fails(file) ? -1 : NEXT(pwrite64)(file, data, size, at); }
int ftruncate(int file, off_t size) { return fails(file) ? -1 : NEXT(ftruncate)(file, size); }
int ftruncate64(int file, off64_t size) { return fails(file) ? -1 : NEXT(ftruncate64)(file, size); }
int fsync(int file) { delay(file); return fails(file) ? -1 : NEXT(fsync)(file); }
int fdatasync(int file) { delay(file); return fails(file) ? -1 : NEXT(fdatasync)(file); }

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = NEXT(clock_gettime)(clock, now);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += faults[2];
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  int result = NEXT(gettimeofday)(now, zone);
  now->tv_sec += faults[2];
  return result;
}

time_t time(time_t *now) {
  time_t result = NEXT(time)(NULL) + faults[2];
  if (now) *now = result;
  return result;
}
