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
    /// Speaks http(s) in libgit2's place.
    private let http: HTTPSubtransport?
    /// Most bytes that may come.
    private var longest: Int
    /// Most objects of one pack.
    private static let mostObjects: UInt32 = 20_000_000
    /// A better error than libgit2's, set by a callback.
    private var failure: GitError?
    /// What the server said about the ref that was pushed, `nil` = taken.
    private(set) var refusal: String?
    private var serverText = ""

    init(url: RemoteURL, request: WorkerRequest) async throws {
        let credentials = request.credentials
        (self.url, self.credentials, longest) = (url, credentials, request.longestFetch)
        if url.scheme == .http || url.scheme == .https {
            http = HTTPSubtransport(
                try HTTPTransport(
                    url: url, authorityFile: credentials.certificateAuthorityFile, branch: request.branch,
                    longest: request.longestFetch, within: request.timeout
                ) { challenge throws(GitError) in try Self.login(url, credentials, challenge) })
        } else {
            http = nil
        }
        subject = RemoteURL.redact(url.text)
        hostKeys = url.scheme == .ssh ? try await HostKeys(url: url, file: credentials.knownHostsFile) : nil
    }

    /// Makes ready for another connection, in which at most this many bytes may come.
    func prepare(longest: Int) {
        (self.longest, asked, failure) = (longest, 0, nil)
        http?.prepare(longest: longest)
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
        if http != nil {
            callbacks.transport = { out, remote, payload in ConnectionContext.from(payload).http?.make(out, remote) ?? -1 }
        }
        callbacks.transfer_progress = { progress, payload in
            guard let progress = progress?.pointee else { return 0 }
            return ConnectionContext.from(payload).judge(progress)
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
        return fail(.authentication, "the server wants a way to log in that is not supported")
    }

    /// `name:token` for a server that asks for it: only over TLS, on this machine, or where somebody has allowed it.
    private static func login(_ url: RemoteURL, _ credentials: GitCredentials, _ challenge: String) throws(GitError) -> String {
        func refused(_ why: String) -> GitError {
            GitError(.authentication, operation: "connect to", subject: RemoteURL.redact(url.text), why)
        }
        guard let file = credentials.tokenFile else {
            throw refused("the server wants a token; name its file as credentials.tokenFile")
        }
        guard challenge.isEmpty || challenge.lowercased().contains("basic") else {
            throw refused("the server wants a way to log in that is not supported")
        }
        guard url.scheme == .https || url.isLoopback || credentials.allowsInsecure == true else {
            throw refused(
                "the token would go over plain http, for everybody on the way to read; use https://, or set credentials.allowInsecure: true"
            )
        }
        guard let token = secret(file) else { throw refused("the token file \(file) cannot be read") }
        return Data("\(credentials.username ?? url.user ?? "git"):\(token)".utf8).base64EncodedString()
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

    private func judge(_ progress: git_indexer_progress) -> Int32 {
        if progress.received_bytes > longest {
            return fail(
                .tooLarge, "it sends more than \(longest >> 20) MiB at once; if that is right, set repository.maxFetch higher")
        }
        if progress.total_objects > Self.mostObjects {
            return fail(.tooLarge, "it sends more than \(Self.mostObjects) objects at once")
        }
        return 0
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
        if let failure = failure ?? http?.failure { throw failure }
        do { try LibGit2.check(result, operation, subject) } catch {
            throw Self.explain(error, scheme: url.scheme)
        }
    }
}
