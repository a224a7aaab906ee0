#include "core/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace tt {

namespace {
uint64_t splitmix(uint64_t &state) {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}
} // namespace

Random::Random(uint64_t seed) {
    for (uint64_t &word : state_)
        word = splitmix(seed);
}

uint64_t Random::next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

double Random::uniform() {
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

uint64_t Random::below(uint64_t bound) {
    const uint64_t limit = -bound % bound; // 2^64 mod bound: draws below it would favour small results
    uint64_t draw = next();
    while (draw < limit)
        draw = next();
    return draw % bound;
}

double Random::normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
}

uint64_t mixSeed(uint64_t seed, uint64_t index) {
    uint64_t state = seed;
    state = splitmix(state) ^ index;
    return splitmix(state);
}

} // namespace tt
