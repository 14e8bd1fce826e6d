import CurfewModel

/// What can be said against one instance, whatever its generation; the first that applies.
enum Condition: Equatable {
    case foreign(String)
    case tampered(String)
    case exited(Int32?)
    case unhealthy(String)
    /// Nothing: it runs or is about to, and no probe has found fault with it. Not having been asked is no fault.
    case sound

    init(_ instance: ObservedInstance, _ health: [InstanceID: Health]) {
        if let why = instance.foreign {
            self = .foreign(why)
        } else if let why = instance.tampered {
            self = .tampered(why)
        } else if case .exited(let code) = instance.state {
            self = .exited(code)
        } else if case .unhealthy(let why)? = health[instance.id] {
            self = .unhealthy(why)
        } else {
            self = .sound
        }
    }

    /// The drift that it is, `nil` for a sound instance.
    func drift(of id: InstanceID) -> Drift? {
        switch self {
        case .foreign(let why): Drift(.foreign, instance: id, detail: "not ours: " + Explanation.quoted(why))
        case .tampered(let why): Drift(.tampered, instance: id, detail: "tampered with: " + Explanation.quoted(why))
        case .exited(let code?): Drift(.exited, instance: id, detail: "exited with \(code)")
        case .exited(nil): Drift(.exited, instance: id, detail: "exited, nobody saw how")
        case .unhealthy(let why): Drift(.unhealthy, instance: id, detail: "unhealthy: " + Explanation.quoted(why))
        case .sound: nil
        }
    }
}
