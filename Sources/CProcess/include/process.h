#pragma once

#include <sys/types.h>

/// What a program is started with.
typedef struct curfew_spawn {
    /// Its file; without a `/` it is looked for in `PATH` of this process.
    const char *program;
    char *const *arguments;
    char *const *environment;
    /// Standard input, output and error.
    int input, output, errors;
    /// Further descriptors, which it finds as 3, 4 and so on. All others are closed.
    const int *descriptors;
    int descriptor_count;
    /// Not 0: stays in this process's session and group, so that it may ask on the terminal.
    int keeps_session;
    /// Most bytes of a file that it writes, its children too; 0 = no limit.
    unsigned long long file_size_limit;
} curfew_spawn_t;

/// Starts a program, unless told otherwise in a session of its own (no terminal to ask on, a group to kill), with standard
/// signals.
/// Returns 0 or an error number.
int curfew_spawn(const curfew_spawn_t *spawn, pid_t *pid);

/// A descriptor that means this very process; -1 with `errno`.
int curfew_pidfd_open(pid_t pid);

/// Sends a signal to the process of a descriptor.
int curfew_pidfd_kill(int pidfd, int signal);

/// A file in memory without a name. A `limit` over 0 is the most bytes that can ever be written to it.
int curfew_memory_file(const char *name, off_t limit);

/// From now on a signal that this process brings upon itself by a fault is noted at `place` (its number) before it takes its
/// course. `place` has to stay valid; a second call only moves it; NULL ends it.
void curfew_note_traps(volatile unsigned char *place);

/// Faults on purpose.
void curfew_trap(void);
