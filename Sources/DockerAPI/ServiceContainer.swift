/// The container of a service's task.
public struct ServiceContainer: Codable, Sendable, Hashable {
    /// The image; by digest, so that all nodes run the same.
    public var Image: String
    /// Labels of the container.
    public var Labels: [String: String]?
    /// Program; `nil` = the image's.
    public var Command: [String]?
    /// Arguments.
    public var Args: [String]?
    /// Host name in it.
    public var Hostname: String?
    /// `NAME=value`.
    public var Env: [String]?
    /// Working folder.
    public var Dir: String?
    /// `user[:group]`.
    public var User: String?
    /// What it may not do.
    public var Privileges: Privileges?
    /// A reaper as process 1.
    public var Init: Bool?
    /// Whether the root file system is read-only.
    public var ReadOnly: Bool?
    /// Writable places.
    public var Mounts: [Mount]?
    /// Nanoseconds from being asked to end to being ended.
    public var StopGracePeriod: Int64?
    /// The health check; `Test` empty = the image's.
    public var Healthcheck: ContainerConfig.Healthcheck?
    /// Secrets as files.
    public var Secrets: [Secret]?
    /// Kept capabilities, `CAP_…`.
    public var CapabilityAdd: [String]?
    /// Dropped capabilities.
    public var CapabilityDrop: [String]?
    /// Makes a container that leaves everything to its image.
    public init(Image: String) { self.Image = Image }

    /// What it may not do.
    public struct Privileges: Codable, Sendable, Hashable {
        /// Whether a set-user-id program gains nothing. Older engines, such as 20.10, do not know it.
        public var NoNewPrivileges: Bool?
        /// Makes privileges.
        public init(NoNewPrivileges: Bool) { self.NoNewPrivileges = NoNewPrivileges }
    }
    /// A writable place.
    public struct Mount: Codable, Sendable, Hashable {
        /// `volume`, `tmpfs`, `bind`.
        public var kind: String
        /// The volume; `nil` = an anonymous one, gone with its container.
        public var Source: String?
        /// Path in the container.
        public var Target: String
        /// For mounts in memory.
        public var TmpfsOptions: Tmpfs?
        /// For volumes.
        public var VolumeOptions: HostConfig.VolumeOptions?
        enum CodingKeys: String, CodingKey {
            case kind = "Type"
            case Source, Target, TmpfsOptions, VolumeOptions
        }
        /// A volume that is made where it is not there.
        public init(volume: String?, at target: String, labels: [String: String]) {
            (kind, Source, Target, VolumeOptions) = ("volume", volume, target, .init(Labels: labels))
        }
        /// A place in memory, of so many bytes, for everybody in the container.
        public init(memory size: Int64, at target: String) {
            (kind, Target, TmpfsOptions) = ("tmpfs", target, Tmpfs(SizeBytes: size, Mode: 0o1777))
        }
    }
    /// A mount in memory.
    public struct Tmpfs: Codable, Sendable, Hashable {
        /// Bytes.
        public var SizeBytes: Int64?
        /// Permissions of its folder.
        public var Mode: UInt32?
    }
    /// A secret as a file.
    public struct Secret: Codable, Sendable, Hashable {
        /// The secret's id.
        public var SecretID: String
        /// Its name.
        public var SecretName: String
        /// The file.
        public var File: Target
        /// Names a secret and its file.
        public init(id: String, name: String, file: Target) { (SecretID, SecretName, File) = (id, name, file) }
        /// A file.
        public struct Target: Codable, Sendable, Hashable {
            /// Below `/run/secrets`.
            public var Name: String
            /// Its owner, a number.
            public var UID: String
            /// Its group, a number.
            public var GID: String
            /// Its permissions.
            public var Mode: UInt32
            /// Makes a file.
            public init(Name: String, UID: String, GID: String, Mode: UInt32) {
                (self.Name, self.UID, self.GID, self.Mode) = (Name, UID, GID, Mode)
            }
        }
    }
}
