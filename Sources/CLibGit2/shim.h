#pragma once
#include <git2.h>
#include <git2/sys/transport.h>

/* git_libgit2_opts is variadic, which Swift cannot call: one function for each option that is used. */

/// Repositories are opened by path on purpose; whose they are is checked by permissions, not by libgit2.
static inline int curfew_git_trust_owner(void) { return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0); }

/// At most `bytes` of parsed objects are kept in memory.
static inline int curfew_git_cache_limit(ssize_t bytes) { return git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, bytes); }

/// Packs are mapped in windows of `window` bytes, at most `mapped` bytes at once.
static inline int curfew_git_window(size_t window, size_t mapped) {
    int code = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, window);
    return code < 0 ? code : git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, mapped);
}

/// A transport of libgit2 that belongs to an object of this program. Only a pointer to the first member is known to libgit2.
typedef struct curfew_subtransport {
    git_smart_subtransport parent;
    void *owner;
} curfew_subtransport;

/// One request of it.
typedef struct curfew_stream {
    git_smart_subtransport_stream parent;
    void *owner;
} curfew_stream;
