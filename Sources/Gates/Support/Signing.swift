import CurfewModel

/// Whose a signature is, and whether it counts.
struct Signing {
    let policies: PolicySet
    let rules: TrustRules
    /// Curfew's clock: what decides about keys, never the date that a commit claims.
    let now: Instant

    /// The outcome of looking at one signature.
    enum Outcome: Equatable {
        case person(Name)
        case curfew
        case refused(String)
    }

    func signer(of check: SignatureCheck, _ what: String) -> Outcome {
        switch check {
        case .none: return .refused("\(what) is not signed; sign with an SSH key that policies/ names (git commit -S)")
        case .bad(let why): return .refused("\(what) has a signature that counts for nothing: \(why.escapingControls)")
        case .good(let key):
            let person = policies.person(signingWith: key)
            if key == rules.curfewKey {
                return person == nil
                    ? .curfew
                    : .refused("\(person?.name.rawValue ?? "somebody") uses Curfew's own key; that counts for neither")
            }
            guard let person else {
                return .refused("\(what) is signed by a key that is nobody's in policies/: \(key.type) …\(key.body.suffix(12))")
            }
            guard person.signingKeys.contains(where: { $0.key == key && $0.isValid(at: now) }) else {
                return .refused(
                    "\(what) is signed by a key of \(person.name) that does not count now (see its notBefore and notAfter)")
            }
            return .person(person.name)
        }
    }

    /// Everything that is wrong with the claims of one commit, and its signer.
    func examine(_ commit: CommitFacts) -> (signer: Name?, reasons: [String]) {
        let what = "commit \(commit.id.short)"
        var reasons: [String] = []
        var signer: Name?
        switch self.signer(of: commit.signature, what) {
        case .person(let name): signer = name
        case .curfew:
            reasons.append("\(what) is signed by Curfew's own key, which may only take grants and failed deploys back")
        case .refused(let why): reasons.append(why)
        }
        if let name = signer, let person = policies.persons[name] {
            for (role, claim) in [("author", commit.author), ("committer", commit.committer)] {
                guard !person.emails.contains(claim.email.lowercased()) else { continue }
                // What a person merges on a forge's page has the forge as its committer; that is trust.mode forge.
                reasons.append(
                    "\(what) has the \(role) \(Told.quoted(claim.email)) and is signed by \(name), whose address that is not")
            }
        }
        for (role, claim) in [("author", commit.author), ("committer", commit.committer)] where claim.at > now + rules.tolerance
        {
            reasons.append(
                "\(what) is dated in the future by its \(role) (\(claim.at.text)); set that clock right and commit again")
        }
        return (signer, reasons)
    }
}
