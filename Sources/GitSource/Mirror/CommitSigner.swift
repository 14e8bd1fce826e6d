/// Signs commits with an SSH key, by OpenSSH itself.
struct CommitSigner {
    /// The private key's file, or a public key whose other half an agent holds.
    let key: String
    /// OpenSSH's own program.
    var program = "ssh-keygen"

    /// Signs the bytes of a commit; returns the armoured signature. Blocks for some milliseconds, on the mirror's queue.
    func sign(_ text: String) throws(GitError) -> String {
        try DetachedSignature.sign(Array(text.utf8), for: "git", with: key, program: program)
    }
}

/// What holds for every run of OpenSSH's programs.
enum OpenSSH {
    /// The longest time that one may take; an agent that never answers stops nobody for ever.
    static let limit = Duration.seconds(10)
    static let package = "it is in the package openssh-client"
}
