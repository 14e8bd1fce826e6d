#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A program to start in a session of its own, so that it outlives the one who starts it.
struct curfew_launch {
    /// Absolute path of the program.
    const char *program;
    /// Argument vector and environment, each ended by NULL.
    char *const *arguments;
    char *const *environment;
    /// Become descriptors 3, 4, 5 … of the program; every other descriptor is closed.
    const int *descriptors;
    int descriptor_count;
    /// Standard output and error; -1 = /dev/null. Standard input is /dev/null.
    int output;
    /// Open `cgroup.procs` (or, in v1, `tasks`) files of control groups that the program joins before it starts.
    const int *groups;
    int group_count;
    /// Gets the line "<pid> <start time>" before the program starts; -1 = nothing.
    int record;
};

/// Where a launch failed.
enum curfew_step {
    CURFEW_STEP_FORK = 0,
    CURFEW_STEP_SESSION,
    CURFEW_STEP_DESCRIPTORS,
    CURFEW_STEP_GROUP,
    CURFEW_STEP_RECORD,
    CURFEW_STEP_EXEC,
};

/// Starts the program; returns 0 and its process id, or an errno value and the step that failed (nothing runs then).
/// Blocks until the program has been executed (some 0.2 ms).
int curfew_launch(const struct curfew_launch *launch, pid_t *pid, int *step);

/// A pipe whose ends are closed on exec and never block: `ends[0]` is read, `ends[1]` written; -1 with errno on failure.
int curfew_pipe(int ends[2]);

/// Writes everything of the file system that `descriptor` is on to disk; -1 with errno on failure.
int curfew_syncfs(int descriptor);
