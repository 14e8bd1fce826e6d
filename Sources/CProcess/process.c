#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

enum { MOST_DESCRIPTORS = 16, OUT_OF_THE_WAY = 64 };

static int prepare_signals(posix_spawnattr_t *attributes, short session) {
    sigset_t standard, blocked;
    sigfillset(&standard);
    sigemptyset(&blocked);
    int code = posix_spawnattr_setsigdefault(attributes, &standard);
    if (code == 0) code = posix_spawnattr_setsigmask(attributes, &blocked);
    if (code == 0)
        code = posix_spawnattr_setflags(
            attributes, session | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return code;
}

int curfew_spawn(const curfew_spawn_t *spawn, pid_t *pid) {
    int standard[3] = {spawn->input, spawn->output, spawn->errors};
    int away[3 + MOST_DESCRIPTORS];
    int count = 0, code = 0;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (spawn->descriptor_count > MOST_DESCRIPTORS) return EINVAL;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    // Copies out of the way first: a descriptor may have the number that another one gets.
    for (; count < 3 + spawn->descriptor_count && code == 0; count++) {
        int source = count < 3 ? standard[count] : spawn->descriptors[count - 3];
        away[count] = fcntl(source, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        if (away[count] < 0) {
            code = errno;
            break;
        }
        code = posix_spawn_file_actions_adddup2(&actions, away[count], count);
    }
    if (code == 0) code = posix_spawn_file_actions_addclosefrom_np(&actions, 3 + spawn->descriptor_count);
    if (code == 0) code = prepare_signals(&attributes, spawn->keeps_session ? 0 : POSIX_SPAWN_SETSID);
    if (code == 0)
        code = posix_spawnp(pid, spawn->program, &actions, &attributes, spawn->arguments, spawn->environment);
    // Set from outside: the time in which it could already have written more is that of its own start.
    if (code == 0 && spawn->file_size_limit != 0) {
        struct rlimit limit = {spawn->file_size_limit, spawn->file_size_limit};
        prlimit(*pid, RLIMIT_FSIZE, &limit, NULL);
    }
    for (int i = 0; i < count; i++) close(away[i]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

int curfew_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int curfew_pidfd_kill(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int curfew_memory_file(const char *name, off_t limit) {
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0 || limit <= 0) return file;
    // Sealed at its full size: the kernel refuses a write beyond it, and pages that are not written take no memory.
    if (ftruncate(file, limit) != 0 || fcntl(file, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0) {
        int code = errno;
        close(file);
        errno = code;
        return -1;
    }
    return file;
}
