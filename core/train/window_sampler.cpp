#include "core/error.h"
#include "core/random.h"
#include "core/train/window_sampler_impl.h"

#include <numeric>
#include <utility>

namespace tt {

WindowSampler::WindowSampler(const TokenCache &tokens, int64_t length, uint64_t seed)
    : tokens_(tokens), length_(length), seed_(seed), windows_(tokens.trainTokens() / length) {
    if (windows_ < 1)
        throw Error("The corpus is too short: it has " + std::to_string(tokens.trainTokens()) +
                    " tokens to train on, and one context needs " + std::to_string(length) +
                    ". Import or generate more stories, or choose a shorter context.");
}

void WindowSampler::startEpoch(int64_t epoch) {
    epoch_ = epoch;
    Random random(mixSeed(seed_, static_cast<uint64_t>(epoch)));
    offset_ = static_cast<int64_t>(random.below(static_cast<uint64_t>(tokens_.trainTokens() - windows_ * length_ + 1)));
    order_.resize(static_cast<size_t>(windows_));
    std::iota(order_.begin(), order_.end(), 0);
    for (size_t i = order_.size(); i > 1; --i)
        std::swap(order_[i - 1], order_[random.below(i)]);
}

void WindowSampler::read(int64_t index, std::span<int32_t> out) {
    if (index / windows_ != epoch_)
        startEpoch(index / windows_);
    tokens_.read(offset_ + order_[static_cast<size_t>(index % windows_)] * length_, out);
}

} // namespace tt
