import CurfewDesiredState
import CurfewJournal
import CurfewModel
import CurfewPlanning

extension Reconciler {
    /// Loads the accepted revision if it is not loaded yet, and lays local rollbacks over it.
    func takeDesired() async {
        let currentPins = parts.controls.pins()
        if let tip = source.accepted, tip != assembly?.desired.revision || tagsAreDue || mustReload {
            mustReload = false
            tagsAsked = parts.clock.now
            do {
                let next = try await parts.assembler.assemble(tip)
                await recordBundles(from: assembly, to: next)
                assembly = next
                loadProblem = nil
            } catch {
                // Unreadable is not empty: what runs stays.
                statusIsStale = true
                await report("load", "revision \(tip.short) cannot be loaded: \(error)")
                loadProblem = "\(error)"
                return
            }
        } else if currentPins == pins {
            return
        }
        guard let assembly else { return }
        pins = currentPins
        var next = assembly.desired
        for (name, pin) in currentPins { await lay(pin, on: name, of: &next) }
        clear("load")
        statusIsStale = true
        noteDifferences(from: desired, to: next)
        desired = next
    }

    /// Whether images by tag should be asked for again: somebody has answered, or half a minute has passed.
    private var tagsAreDue: Bool {
        guard assembly?.unresolved.isEmpty == false, let tagsAsked else { return false }
        return parts.clock.now - tagsAsked >= .seconds(30) || parts.clock.now < tagsAsked
    }

    /// What an image by tag stands for has become known.
    func tagsAnswered() {
        tagsAsked = tagsAsked == nil ? nil : Instant(milliseconds: 0)
        alarm.ring()
    }

    /// Replaces a workload by its older self, or drops the pin when the branch has moved on.
    private func lay(_ pin: Pin, on name: Name, of next: inout DesiredState) async {
        guard next.workloads[name]?.generation == pin.bad else {
            parts.controls.unpin(name)
            pins[name] = nil
            await record("rollback.landed", workload: name, "the branch no longer asks for generation \(pin.bad.short)")
            return
        }
        do {
            let bundle = try await parts.assembler.bundle(pin.bundle, at: pin.revision)
            if let bundle, bundle.isForbidden {
                // What runs stays; neither the failed generation nor one that is not allowed is started.
                next.workloads[name] = nil
                next.held.append(
                    HeldBundle(bundle: pin.bundle, lastGood: nil, diagnostics: bundle.diagnostics, keeps: [name]))
                return
            }
            next.workloads[name] = bundle?.workloads.first { $0.desired.workload.name == name }?.desired
        } catch {
            await report("pin/\(name)", "the local rollback of \(name) to \(pin.revision.short) cannot be read: \(error)")
        }
    }

    /// Marks what is desired differently now, and all that runs without being desired.
    private func noteDifferences(from old: DesiredState?, to new: DesiredState) {
        dirty.formUnion(Attention.changed(from: old, to: new))
        for name in observation.instances.keys where new.workloads[name] == nil { dirty.insert(name) }
        if old?.held != new.held || old?.allowsPrune != new.allowsPrune { everythingIsDirty = true }
    }

    private func recordBundles(from old: Assembly?, to new: Assembly) async {
        if old?.desired.revision != new.desired.revision {
            await record(
                "revision.applied", revision: new.desired.revision, "revision \(new.desired.revision.short) is in force")
        }
        let before = Set(old?.desired.held.map(\.bundle) ?? [])
        for held in new.desired.held where !before.contains(held.bundle) {
            let first = held.diagnostics.first.map { ": \($0)" } ?? ""
            let place = held.lastGood.map { "stays at \($0.short)" } ?? "is not applied"
            await record("bundle.held", revision: new.desired.revision, "bundle \(held.bundle) \(place)\(first)")
        }
        for name in before.subtracting(new.desired.held.map(\.bundle)) {
            await record("bundle.released", revision: new.desired.revision, "bundle \(name) is good again")
        }
    }
}
