#pragma once

#include "core/circuits/intervention.h"

#include <memory>
#include <span>

namespace tt {

/// Applies a list of interventions in free mode to MLP outputs as a model computes them, layer by layer and block of
/// rows by block of rows: what steers generation, token by token. Fits MlpHook and DecoderHook. Holds the transcoder by
/// reference; not for several threads at once.
template <class T>
class Steering {
public:
    Steering(const TranscoderWeights<T> &transcoder, std::vector<Intervention> list, int promptLength);
    ~Steering();
    Steering(Steering &&) noexcept;

    /// Rows are the positions first, first + 1, … of prompt and generated tokens; ln2 and mlpOutput (rows, d). Layers
    /// of one block come in order, from 0.
    void apply(int layer, int64_t first, std::span<const T> ln2, std::span<T> mlpOutput);

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace tt
