/// The last so many elements that were put in.
struct RecentSet<Element: Hashable & Sendable>: Sendable {
    private var elements: Set<Element> = []
    private var order: [Element] = []
    private var next = 0
    private let limit: Int

    /// Keeps at most `limit`, at least 1.
    init(limit: Int) { self.limit = max(1, limit) }

    func contains(_ element: Element) -> Bool { elements.contains(element) }

    /// Puts one in; the oldest goes when there are too many.
    mutating func insert(_ element: Element) {
        guard elements.insert(element).inserted else { return }
        if order.count < limit { return order.append(element) }
        elements.remove(order[next])
        order[next] = element
        next = (next + 1) % limit
    }
}
