public import CurfewModel

/// How a local runtime is set up.
public struct LocalRuntimeConfiguration: Sendable {
    /// The runtime's name in the service's configuration.
    public var name: Name
    /// Absolute path of a folder that belongs to this runtime alone; made when it is missing, readable by its owner only.
    public var folder: String
    /// The first loopback port that instances are given, 1 to 65535.
    public var firstPort: Int
    /// The last one, at least ``firstPort``.
    public var lastPort: Int
    /// The user that instances run as; needs root. `nil` = `nobody` when root, else the own user.
    public var user: String?
    /// The most bytes that an artifact may have, as it is downloaded and as it is unpacked.
    public var maxArtifact: ByteCount
    /// Absolute path of bubblewrap.
    public var bubblewrap: String
    /// A log file over this size is rotated.
    public var logLimit: ByteCount
    /// Log files kept for each instance, the current one included; 1 to 100.
    public var logFiles: Int
    /// A download that takes longer is given up.
    public var downloadTimeout: Span
    /// The hosts that archives of a bundle come from: names and addresses, wherever they are, and `public` for every host at a
    /// public address.
    public var downloads: @Sendable (Name) -> [String] = { _ in ["public"] }

    /// Makes a configuration; it is checked by `LocalRuntime.init`.
    public init(
        name: Name, folder: String, firstPort: Int, lastPort: Int, user: String? = nil, maxArtifact: ByteCount,
        bubblewrap: String = "/usr/bin/bwrap", logLimit: ByteCount = ByteCount(10 << 20), logFiles: Int = 3,
        downloadTimeout: Span = .seconds(300)
    ) {
        self.name = name
        self.folder = folder
        self.firstPort = firstPort
        self.lastPort = lastPort
        self.user = user
        self.maxArtifact = maxArtifact
        self.bubblewrap = bubblewrap
        self.logLimit = logLimit
        self.logFiles = logFiles
        self.downloadTimeout = downloadTimeout
    }
}
