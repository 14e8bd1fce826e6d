#pragma once
#include <git2.h>

/* git_libgit2_opts is variadic, which Swift cannot call: one function for each option that is used. */

/// Repositories are opened by path on purpose; whose they are is checked by permissions, not by libgit2.
static inline int curfew_git_trust_owner(void) { return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0); }

/// Trust the certificates in `file` (PEM) instead of the system's.
static inline int curfew_git_certificates(const char *file) {
    return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, NULL);
}

/// At most `bytes` of parsed objects are kept in memory.
static inline int curfew_git_cache_limit(ssize_t bytes) { return git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, bytes); }
