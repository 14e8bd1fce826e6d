import CurfewJournal
import CurfewModel
import HTTPTypes
import Hummingbird
import NIOCore

/// Events as they come, as server-sent events. `id` is the sequence number, `event` the kind, `data` the event as JSON.
struct EventStream: Sendable {
    /// Events read at once: what is in memory for one client.
    static let batch = 20

    let feed: EventFeed
    let journal: JournalSource
    /// Without an event for that long a comment is sent, so that both ends notice a dead connection.
    let heartbeat: Duration

    /// - Parameter isBell: only that there is something new is told, and nothing of it.
    func open(_ call: Call, isBell: Bool = false) async throws -> Response {
        let kind = call.query["kind"]
        let workload = try call.query["workload"].map(Routes.workloadName)
        var after = try position(call)
        if after == nil { after = try await journal.last(1).last?.sequence }
        let start = after ?? 0
        let channel = call.channel
        guard let seat = feed.take(hangUp: { channel.close(promise: nil) }) else {
            throw Problem(
                .serviceUnavailable, "all seats for streams are taken; poll /api/v1/events instead",
                headers: [.retryAfter: "30"])
        }
        // A client that goes away frees its seat at once.
        channel.closeFuture.whenComplete { _ in feed.leave(seat.id) }
        let body = ResponseBody { writer in
            defer { feed.leave(seat.id) }
            let place = Place(seat: seat.id, kind: kind, workload: workload, isBell: isBell, position: start)
            try await follow(place, seat.rings, &writer)
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8", .connection: "close"], body: body)
    }

    /// Where to begin: `Last-Event-ID` of a client that comes back goes before `after`; without either, now.
    private func position(_ call: Call) throws -> Int64? {
        let given = call.request.headers[values: .lastEventID].first
        guard let text = given, !text.isEmpty else { return try call.number("after", 0...Int64.max) }
        guard let value = Int64(text), value >= 0 else {
            throw Problem.badRequest("Last-Event-ID has to be the sequence number of an event")
        }
        return value
    }

    /// What one client wants, and how far it has come.
    private struct Place {
        var seat: Int
        var kind: String?
        var workload: Name?
        var isBell: Bool
        var position: Int64
        var told = ContinuousClock.now
    }

    private func follow(_ start: Place, _ rings: AsyncStream<Void>, _ writer: inout any ResponseBodyWriter) async throws {
        var place = start
        try await write(": curfew\nretry: 2000\n\n", place.seat, &writer)
        var rings = rings.makeAsyncIterator()
        while !Task.isCancelled {
            let hasMore = try await tell(&place, &writer)
            if !hasMore, await rings.next() == nil { return }
        }
    }

    /// Tells what is new. Returns whether there may be more at once. (One function of its own: Swift 6.3's optimizer crashes on
    /// it inside the loop.)
    private func tell(_ place: inout Place, _ writer: inout any ResponseBodyWriter) async throws -> Bool {
        let events = try await news(for: place)
        if let last = events.last {
            place.position = last.sequence
            let text = place.isBell ? Self.bell(last) : events.map(Self.frame).joined()
            try await write(text, place.seat, &writer)
            place.told = .now
            return !place.isBell && events.count == Self.batch
        }
        if ContinuousClock.now - place.told >= heartbeat {
            try await write(": \(place.position)\n\n", place.seat, &writer)
            place.told = .now
        }
        return false
    }

    private func news(for place: Place) async throws -> [JournalEvent] {
        if place.isBell { return try await journal.last(1).filter { $0.sequence > place.position } }
        return try await journal.events(
            after: place.position, limit: Self.batch, kind: place.kind, workload: place.workload)
    }

    private func write(_ text: String, _ seat: Int, _ writer: inout any ResponseBodyWriter) async throws {
        feed.writing(seat, since: .now)
        defer { feed.writing(seat, since: nil) }
        try await writer.write(ByteBuffer(string: text))
    }

    /// JSON has no raw line breaks, and a kind is letters, digits, `.`, `-` and `_`: nothing can fake a frame.
    static func bell(_ event: JournalEvent) -> String {
        "id: \(event.sequence)\nevent: change\ndata: \(event.sequence)\n\n"
    }

    /// The event whole.
    static func frame(_ event: JournalEvent) -> String {
        let data = String(decoding: JSONAnswer.data(EventView(event)), as: UTF8.self)
        return "id: \(event.sequence)\nevent: \(event.kind)\ndata: \(data)\n\n"
    }
}
