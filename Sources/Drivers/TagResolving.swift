/// A runtime that finds out which image a tag stands for.
public protocol TagResolving: Runtime {
    /// `registry/app:1.2` → `registry/app@sha256:…`, as the registry says just now; for an image that is in no registry and
    /// that the engine has, `sha256:…`, its id.
    /// - Throws: ``DriverError``.
    func resolve(tag reference: String) async throws -> String
}
