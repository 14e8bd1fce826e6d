internal import CLibGit2
import CurfewModel
import Foundation

/// What libgit2's callbacks work with during one connection. Lives on one thread.
final class ConnectionContext {
    /// The address, for messages.
    let subject: String
    private let url: RemoteURL
    /// The folder of a repository on this machine.
    var folder: String? { url.folder }
    private let credentials: GitCredentials
    private let hostKeys: HostKeys?
    private var asked = 0
    /// A better error than libgit2's, set by a callback.
    private var failure: GitError?
    /// What the server said about the ref that was pushed, `nil` = taken.
    private(set) var refusal: String?
    private var serverText = ""

    init(url: RemoteURL, credentials: GitCredentials) async throws {
        (self.url, self.credentials) = (url, credentials)
        subject = RemoteURL.redact(url.text)
        hostKeys = url.scheme == .ssh ? try await HostKeys(url: url, file: credentials.knownHostsFile) : nil
    }

    /// Installs the callbacks; this object must outlive the connection.
    func install(in callbacks: inout git_remote_callbacks) {
        callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        callbacks.credentials = { out, _, user, allowed, payload in
            ConnectionContext.from(payload).acquire(out, user.map { String(cString: $0) }, allowed)
        }
        callbacks.certificate_check = { certificate, valid, _, payload in
            ConnectionContext.from(payload).judge(certificate, valid: valid != 0)
        }
        callbacks.push_update_reference = { _, status, payload in
            if let status { ConnectionContext.from(payload).refuse(String(cString: status)) }
            return 0
        }
        callbacks.sideband_progress = { text, length, payload in
            if let text {
                ConnectionContext.from(payload).hear(UnsafeRawBufferPointer(start: text, count: Int(max(0, length))))
            }
            return 0
        }
    }

    private static func from(_ payload: UnsafeMutableRawPointer?) -> ConnectionContext {
        guard let payload else { preconditionFailure("libgit2 lost the payload") }
        return Unmanaged<ConnectionContext>.fromOpaque(payload).takeUnretainedValue()
    }

    /// libgit2 asks again for ever when credentials are refused: the second time is the last.
    private func acquire(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ urlUser: String?, _ allowed: UInt32
    ) -> Int32 {
        let user = urlUser ?? credentials.username ?? url.user ?? "git"
        if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 { return git_credential_username_new(out, user) }
        asked += 1
        if asked > 1 { return fail(.authentication, "the server refused the credentials of '\(user)'") }
        if allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0 {
            guard let key = credentials.sshKeyFile else {
                return fail(.authentication, "the server wants an SSH key; name one as credentials.sshKeyFile")
            }
            guard access(key, R_OK) == 0 else { return fail(.authentication, "the key file \(key) cannot be read") }
            let publicKey = access(key + ".pub", R_OK) == 0 ? key + ".pub" : nil
            let passphrase = credentials.passphraseFile.flatMap(Self.secret)
            return git_credential_ssh_key_new(out, user, publicKey, key, passphrase ?? "")
        }
        if allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0 {
            guard let file = credentials.tokenFile else {
                return fail(.authentication, "the server wants a token; name its file as credentials.tokenFile")
            }
            guard let token = Self.secret(file) else { return fail(.authentication, "the token file \(file) cannot be read") }
            return git_credential_userpass_plaintext_new(out, user, token)
        }
        return fail(.authentication, "the server wants a way to log in that is not supported")
    }

    /// The first line of a small file.
    private static func secret(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 65_536 else { return nil }
        return String(decoding: data.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    }

    private func judge(_ certificate: UnsafeMutablePointer<git_cert>?, valid: Bool) -> Int32 {
        guard let certificate, certificate.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 else {
            return valid
                ? 0
                : fail(
                    .certificate,
                    "its certificate is not trusted, or does not name this host (names are compared, addresses are not); "
                        + "name its authority as credentials.caFile"
                )
        }
        let key = UnsafeRawPointer(certificate).assumingMemoryBound(to: git_cert_hostkey.self).pointee
        guard key.type.rawValue & GIT_CERT_SSH_RAW.rawValue != 0, let raw = key.hostkey, let hostKeys else {
            return fail(.hostKeyMismatch, "its host key cannot be read")
        }
        switch hostKeys.judge(Data(bytes: raw, count: key.hostkey_len)) {
        case .known: return 0
        case .unknown(let why), .changed(let why): return fail(.hostKeyMismatch, why)
        }
    }

    private func refuse(_ text: String) {
        let heard = serverText.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        refusal = String(([text] + heard).joined(separator: "; ").prefix(500)).escapingControls
    }

    private func hear(_ bytes: UnsafeRawBufferPointer) {
        if serverText.utf8.count < 2000 { serverText += String(decoding: bytes.prefix(2000), as: UTF8.self) }
    }

    private func fail(_ code: GitError.Code, _ message: String) -> Int32 {
        failure = GitError(code, operation: "connect to", subject: subject, message)
        return -1
    }

    /// Turns a result into an error, with the reason that a callback found or the one that libgit2's text tells.
    func check(_ result: Int32, _ operation: String) throws {
        guard result < 0 else { return }
        if let failure { throw failure }
        do { try LibGit2.check(result, operation, subject) } catch {
            throw Self.explain(error, scheme: url.scheme)
        }
    }

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
