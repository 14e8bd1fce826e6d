import CurfewModel

extension ConnectionContext {
    /// libgit2 has one code for most of what can go wrong on a network; its text tells more.
    static func explain(_ error: GitError, scheme: RemoteURL.Scheme) -> GitError {
        var error = error
        let text = error.message.lowercased()
        func says(_ parts: String...) -> Bool { parts.contains { text.contains($0) } }
        if says("redirect") {
            error.code = .redirected
            error.message = "the server points to another address; configure the final one (\(error.message))"
        } else if says("access denied or repository", "invalid content-type") {
            error.code = .notARepository
            if says("content-type") { error.message = "there is a web server, but no Git repository (\(error.message))" }
        } else if says("status code: 401", "status code: 403", "authentication", "unauthorized", "access denied") {
            error.code = .authentication
            if scheme == .ssh { error.message += "; RSA keys are not supported, use ed25519 or ecdsa" }
        } else if says(
            "status code: 404", "not found", "does not exist", "no such file", "unsupported url", "could not find repository",
            "not a git repository")
        {
            error.code = .notARepository
        } else if says("certificate", "ssl") {
            error.code = .certificate
        } else if says("out of memory") {
            error.code = .tooLarge
            error.message = "it lists more references, or sends larger objects, than there is memory for"
        } else if says("file too large") {
            error.code = .tooLarge
            error.message = "it sends more than one fetch may add; if that is right, set repository.maxFetch higher"
        } else if says("no space left") {
            error.code = .storage
        } else if says("pack", "early eof", "unexpected eof", "inflate", "zlib", "corrupt", "sha1", "invalid object") {
            error.code = .corrupt
            error.message = "what the server sent is damaged or incomplete (\(error.message))"
        } else if says(
            "refused", "resolve", "timed out", "unreachable", "connect", "reset", "socket", "network", "eof", "disconnected",
            "hung up")
        {
            error.code = .unreachable
            if scheme == .ssh, says("handshake", "key exchange", "method") {
                error.message += "; RSA host keys are not supported, the server needs ed25519 or ecdsa"
            }
        }
        return error
    }
}
