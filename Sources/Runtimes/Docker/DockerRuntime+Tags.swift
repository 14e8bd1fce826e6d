import CurfewContainers
import CurfewDockerAPI
public import CurfewDrivers

extension DockerRuntime: TagResolving {
    public func resolve(tag reference: String) async throws -> String {
        let login = try credentials.login(for: reference)
        return try await translating("find the digest of", reference) {
            let digest: String
            do { digest = try await client.distribution(reference, authorization: login?.header).Descriptor.digest } catch let
                error
                as DockerError
                where error.code == .refused
            {
                // Built on this machine and never pushed: there is only one such image. What a registry has given once is
                // not taken instead of what the registry says now.
                if let image = try? await client.image(reference), image.RepoDigests?.isEmpty ?? true { return image.Id }
                throw error
            }
            guard digest.hasPrefix("sha256:"), digest.utf8.count == 71 else {
                throw DockerError(.badAnswer, "find a digest", "the registry's answer is no digest")
            }
            let tag = reference.lastIndex(of: ":").flatMap { reference[$0...].contains("/") ? nil : $0 }
            return "\(reference[..<(tag ?? reference.endIndex)])@\(digest)"
        }
    }
}
