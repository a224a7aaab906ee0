#pragma once

#include <array>
#include <cstdint>

namespace tt {

/// xoshiro256** (Blackman & Vigna), seeded by splitmix64. One per run, passed down; equal seeds give equal streams on
/// every platform. The state is plain values so that a checkpoint can keep it.
class Random {
public:
    explicit Random(uint64_t seed = 0);

    uint64_t next();
    /// Uniform in [0, 1).
    double uniform();
    /// Uniform in 0 … bound − 1, without modulo bias. bound ≥ 1.
    uint64_t below(uint64_t bound);
    /// Standard normal (Box–Muller; two uniforms a value, no hidden state).
    double normal();

    [[nodiscard]] const std::array<uint64_t, 4> &state() const { return state_; }
    void setState(const std::array<uint64_t, 4> &state) { state_ = state; }

private:
    std::array<uint64_t, 4> state_{};
};

/// A hash of two numbers, for streams of their own ("story i of seed s", "mask of step n"). splitmix64 finaliser.
uint64_t mixSeed(uint64_t seed, uint64_t index);

} // namespace tt
