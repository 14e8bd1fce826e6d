#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { MOST_DESCRIPTORS = 16, OUT_OF_THE_WAY = 64 };

// Everything that runs between vfork and exec shares the parent's memory and may only make system calls:
// no allocation, no locks, no stdio, and none of glibc's set*id functions (they signal the parent's threads).

static void close_from(int first) {
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
    struct rlimit limit;
    int end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
    for (int descriptor = first; descriptor < end; descriptor++) close(descriptor);
}

static char *put_number(char *end, unsigned long long number) {
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return end;
}

// "<pid> <start time>\n", the start time as /proc/self/stat has it (field 22): together they name a process for ever.
static int write_record(int record) {
    char text[1024];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    if (size <= 0) return -1;
    text[size] = 0;
    char *field = strrchr(text, ')');
    if (field == NULL) return -1;
    for (int i = 0; i < 20; i++) {
        field = strchr(field + 1, ' ');
        if (field == NULL) return -1;
    }
    unsigned long long started = 0;
    for (field++; *field >= '0' && *field <= '9'; field++) started = started * 10 + (unsigned)(*field - '0');
    char line[64];
    char *end = line + sizeof line;
    char *start = end;
    *--start = '\n';
    start = put_number(start, started);
    *--start = ' ';
    start = put_number(start, (unsigned long long)getpid());
    return write(record, start, (size_t)(end - start)) == end - start ? 0 : -1;
}

static void reset_signals(void) {
    struct sigaction standard;
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
}

static int place_descriptors(const struct curfew_launch *launch) {
    int away[MOST_DESCRIPTORS];
    for (int i = 0; i < launch->descriptor_count; i++) {
        away[i] = fcntl(launch->descriptors[i], F_DUPFD, OUT_OF_THE_WAY);
        if (away[i] < 0) return -1;
    }
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0) return -1;
    int output = fcntl(launch->output >= 0 ? launch->output : nothing, F_DUPFD, OUT_OF_THE_WAY);
    if (output < 0 || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) return -1;
    for (int i = 0; i < launch->descriptor_count; i++)
        if (dup2(away[i], 3 + i) < 0) return -1;
    close_from(3 + launch->descriptor_count);
    return 0;
}

static _Noreturn void become(const struct curfew_launch *launch, volatile int *step, volatile int *failure) {
    sigset_t none;
    *step = CURFEW_STEP_SESSION;
    if (setsid() < 0 || chdir("/") != 0) goto failed;
    umask(022);
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    *step = CURFEW_STEP_GROUP;
    for (int i = 0; i < launch->group_count; i++)
        if (write(launch->groups[i], "0", 1) != 1) goto failed;
    *step = CURFEW_STEP_RECORD;
    if (launch->record >= 0 && write_record(launch->record) != 0) goto failed;
    *step = CURFEW_STEP_DESCRIPTORS;
    if (place_descriptors(launch) != 0) goto failed;
    reset_signals();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    *step = CURFEW_STEP_EXEC;
    execve(launch->program, launch->arguments, launch->environment);
failed:
    *failure = errno != 0 ? errno : EIO;
    _exit(127);
}

int curfew_launch(const struct curfew_launch *launch, pid_t *pid, int *step) {
    volatile int failure = 0;
    volatile int reached = CURFEW_STEP_FORK;
    *step = CURFEW_STEP_FORK;
    if (launch->descriptor_count > MOST_DESCRIPTORS) return EINVAL;
    // No handler of the parent may run in the child while it shares the parent's memory.
    sigset_t all, before;
    sigfillset(&all);
    int masked = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (masked != 0) return masked;
    pid_t child = vfork();
    if (child == 0) become(launch, &reached, &failure);
    int forked = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (child < 0) return forked;
    if (failure != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
        *step = reached;
        return failure;
    }
    *pid = child;
    return 0;
}

int curfew_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC | O_NONBLOCK); }

int curfew_syncfs(int descriptor) { return syncfs(descriptor); }
