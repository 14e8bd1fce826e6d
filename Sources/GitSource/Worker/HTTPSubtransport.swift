internal import CLibGit2
import CurfewModel

/// Puts ``HTTPTransport`` into libgit2: its callbacks in C, and the errors that they cannot carry.
final class HTTPSubtransport {
    fileprivate let transport: HTTPTransport
    /// What went wrong in a callback.
    fileprivate(set) var failure: GitError?

    init(_ transport: HTTPTransport) { self.transport = transport }

    /// Makes ready for another connection.
    func prepare(longest: Int) {
        failure = nil
        transport.longest = longest
    }

    /// Makes libgit2's transport for a remote. This object has to outlive the remote.
    func make(_ out: UnsafeMutablePointer<UnsafeMutablePointer<git_transport>?>?, _ remote: OpaquePointer?) -> Int32 {
        var definition = git_smart_subtransport_definition(
            callback: { out, _, parameter in
                let made = UnsafeMutablePointer<curfew_subtransport>.allocate(capacity: 1)
                made.initialize(to: curfew_subtransport(parent: git_smart_subtransport(), owner: parameter))
                made.pointee.parent.action = { out, subtransport, _, service in
                    HTTPSubtransport.open(out, subtransport, service)
                }
                made.pointee.parent.close = { _ in 0 }
                made.pointee.parent.free = { pointer in
                    UnsafeMutableRawPointer(pointer)?.assumingMemoryBound(to: curfew_subtransport.self).deallocate()
                }
                out?.pointee = UnsafeMutableRawPointer(made).assumingMemoryBound(to: git_smart_subtransport.self)
                return 0
            }, rpc: 1, param: Unmanaged.passUnretained(self).toOpaque())
        // libgit2 reads it during the call alone.
        return git_transport_smart(out, remote, &definition)
    }

    private static func open(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_smart_subtransport_stream>?>?,
        _ subtransport: UnsafeMutablePointer<git_smart_subtransport>?, _ service: git_smart_service_t
    ) -> Int32 {
        guard let subtransport,
            let owner = UnsafeMutableRawPointer(subtransport).assumingMemoryBound(to: curfew_subtransport.self).pointee.owner
        else { return -1 }
        let parent = Unmanaged<HTTPSubtransport>.fromOpaque(owner).takeUnretainedValue()
        let kind: HTTPTransport.Service
        switch service {
        case GIT_SERVICE_UPLOADPACK_LS: kind = .listForFetch
        case GIT_SERVICE_UPLOADPACK: kind = .fetch
        case GIT_SERVICE_RECEIVEPACK_LS: kind = .listForPush
        case GIT_SERVICE_RECEIVEPACK: kind = .push
        default: return -1
        }
        let made = UnsafeMutablePointer<curfew_stream>.allocate(capacity: 1)
        let stream = HTTPStream(parent, kind)
        made.initialize(
            to: curfew_stream(parent: git_smart_subtransport_stream(), owner: Unmanaged.passRetained(stream).toOpaque()))
        made.pointee.parent.subtransport = subtransport
        made.pointee.parent.read = { stream, buffer, size, read in
            guard let stream = HTTPStream.of(stream), let buffer, let read else { return -1 }
            return stream.attempt { read.pointee = try stream.read(UnsafeMutableRawBufferPointer(start: buffer, count: size)) }
        }
        made.pointee.parent.write = { stream, buffer, size in
            guard let stream = HTTPStream.of(stream), let buffer else { return -1 }
            return stream.attempt { try stream.write(UnsafeRawBufferPointer(start: buffer, count: size)) }
        }
        made.pointee.parent.free = { pointer in
            guard let pointer else { return }
            let made = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: curfew_stream.self)
            if let owner = made.pointee.owner { Unmanaged<HTTPStream>.fromOpaque(owner).release() }
            made.deallocate()
        }
        out?.pointee = UnsafeMutableRawPointer(made).assumingMemoryBound(to: git_smart_subtransport_stream.self)
        return 0
    }
}

/// One request: what is written is collected, and sent when the answer is asked for.
private final class HTTPStream {
    /// Most bytes of a request: what Curfew pushes are commits of its own.
    private static let longestRequest = 256 << 20
    private let parent: HTTPSubtransport
    private let service: HTTPTransport.Service
    private var request: [UInt8] = []
    private var body: HTTPBody?

    init(_ parent: HTTPSubtransport, _ service: HTTPTransport.Service) { (self.parent, self.service) = (parent, service) }

    static func of(_ pointer: UnsafeMutablePointer<git_smart_subtransport_stream>?) -> HTTPStream? {
        guard let pointer,
            let owner = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: curfew_stream.self).pointee.owner
        else { return nil }
        return Unmanaged<HTTPStream>.fromOpaque(owner).takeUnretainedValue()
    }

    func read(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let body = try self.body ?? parent.transport.exchange(service, body: request)
        (self.body, request) = (body, [])
        return try body.read(into: buffer)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard request.count + bytes.count <= Self.longestRequest else {
            throw GitError(.tooLarge, operation: "push to", subject: "the remote", "it is more than is ever pushed")
        }
        request += bytes
    }

    /// Runs a callback's work; what it throws is kept, since C has no room for it.
    func attempt(_ body: () throws -> Void) -> Int32 {
        do {
            try body()
            return 0
        } catch {
            parent.failure = error as? GitError
            git_error_set_str(Int32(GIT_ERROR_NET.rawValue), "\(error)")
            return -1
        }
    }
}
