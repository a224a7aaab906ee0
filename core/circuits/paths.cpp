#include "core/circuits/paths.h"

#include "core/circuits/graph_export.h"
#include "core/circuits/pullback.h"
#include "core/progress.h"

#include <algorithm>
#include <cmath>

namespace tt {
namespace {

/// A vector v that reads the residual stream at one place: below the attention of `layer` (resid_pre) or above it
/// (resid_mid). What it reads is v·x.
template <class T>
struct Reader {
    std::vector<T> vector; ///< (d)
    int layer = 0, position = 0;
    bool aboveAttention = false;
};

/// A path in the making. `passed` are the features behind the target, by which contributions are capped: what the
/// path's reader gains is multiplied by the factors from the last to the first.
template <class T>
struct Branch {
    GreedyPath path;
    Reader<T> reader;
    struct Passed {
        double factor = 1;     ///< what the feature hands on a unit of its pre-activation
        double activation = 0; ///< what raises it can cause no more than this
    };
    std::vector<Passed> passed;
    bool complete = false;
};

template <class T>
class PathSearch {
public:
    explicit PathSearch(const TracedPrompt<T> &trace)
        : trace_(trace), d_(trace.gpt.config.dModel), pullback_(trace.gpt, trace.transcoder, trace.activations) {
        for (int l = 0; l < trace.gpt.config.layers; ++l) {
            const BlockActivations<T> &block = trace.activations.blocks[static_cast<size_t>(l)];
            std::vector<T> error(block.mlpOutput.size());
            decode<T>(trace.transcoder, l, trace.active, block.ln2, error);
            for (size_t i = 0; i < error.size(); ++i)
                error[i] = block.mlpOutput[i] - error[i];
            errors_.push_back(std::move(error));
        }
    }

    Branch<T> start(const Node &target) {
        Branch<T> branch;
        PathStep step{.layer = target.layer, .position = target.position, .id = target.id};
        if (target.kind == NodeKind::Logit) {
            step.kind = PathStep::Kind::Logit;
            step.minus = target.minus;
            step.position = trace_.activations.length - 1;
            const std::vector<T> direction = logitDirection(trace_.gpt, target);
            const GradientBlock<T> seed =
                pullback_.seed(direction, 1, step.position, trace_.gpt.finalNorm,
                               trace_.activations.finalSigma[static_cast<size_t>(step.position)]);
            branch.reader = readerOf(seed, trace_.gpt.config.layers, step.position, false);
            startConstants_ = seed.bias.front() + biasOf(target);
        } else if (target.kind == NodeKind::Feature) {
            const GradientBlock<T> seed = featureSeed(target.layer, target.position, target.id);
            branch.reader = readerOf(seed, target.layer, target.position, true);
            startConstants_ =
                seed.bias.front() + static_cast<double>(trace_.transcoder.layers[static_cast<size_t>(target.layer)]
                                                            .encoderBias[static_cast<size_t>(target.id)]);
        } else {
            throw Error("A path ends at a feature or a logit; " + nodeId(target) + " has no inputs.",
                        Error::Kind::Usage);
        }
        step.contribution = branch.path.contribution = target.preactivation;
        branch.path.steps.push_back(step);
        return branch;
    }

    /// Everything that writes into the stream that `reader` reads; calls visit(step) with the uncapped contribution to
    /// what the reader reads. Returns what constants (b_O, β, b_dec) add.
    template <class Visit>
    double expand(const Reader<T> &reader, Visit &&visit) {
        double constants = 0;
        for (int l = reader.layer; l >= 0; --l) {
            if (l < reader.layer)
                constants += expandMlp(reader, l, visit);
            if (l < reader.layer || reader.aboveAttention)
                constants += expandHeads(reader, l, visit);
        }
        const auto p = static_cast<size_t>(reader.position);
        visit({.kind = PathStep::Kind::Token,
               .position = reader.position,
               .id = trace_.ids[p],
               .contribution = read(reader, trace_.gpt.tokenEmbedding.data() + int64_t{trace_.ids[p]} * d_)});
        visit({.kind = PathStep::Kind::Position,
               .position = reader.position,
               .id = reader.position,
               .contribution = read(reader, trace_.gpt.positionEmbedding.data() + int64_t{reader.position} * d_)});
        return constants;
    }

    /// The path one step longer; `gained` is the step's uncapped contribution to what the branch's reader reads.
    Branch<T> extend(const Branch<T> &branch, PathStep step, double gained, bool capped) {
        Branch<T> longer{.path = branch.path, .reader = {}, .passed = branch.passed, .complete = isEnd(step.kind)};
        step.contribution = longer.path.contribution = handedOn(branch.passed, gained, capped);
        longer.path.steps.push_back(step);
        if (!longer.complete)
            longer.reader = pulledBack(branch.reader, step, longer.passed);
        return longer;
    }

    /// What the target gets whatever is in the stream: its own bias and LN's.
    [[nodiscard]] double startConstants() const { return startConstants_; }

    /// What a gain at the end of a path does to its target.
    static double handedOn(const std::vector<typename Branch<T>::Passed> &passed, double gained, bool capped) {
        for (auto feature = passed.rbegin(); feature != passed.rend(); ++feature)
            gained = feature->factor * (capped ? std::min(gained, feature->activation) : gained);
        return gained;
    }

private:
    static bool isEnd(PathStep::Kind kind) {
        return kind == PathStep::Kind::Token || kind == PathStep::Kind::Position || kind == PathStep::Kind::Error;
    }

    [[nodiscard]] double read(const Reader<T> &reader, const T *x) const {
        return static_cast<double>(dot(reader.vector.data(), x, d_));
    }

    Reader<T> readerOf(const GradientBlock<T> &block, int layer, int position, bool aboveAttention) const {
        return {std::vector<T>(block.values.begin(), block.values.begin() + d_), layer, position, aboveAttention};
    }

    /// The LN2 pullback of a feature's encoder, at resid_mid of its layer.
    GradientBlock<T> featureSeed(int layer, int position, int feature) const {
        const auto l = static_cast<size_t>(layer);
        return pullback_.seed(trace_.transcoder.encoderRow(layer, feature), 1, position, trace_.gpt.blocks[l].ln2,
                              trace_.activations.blocks[l].ln2Sigma[static_cast<size_t>(position)]);
    }

    /// b_U of a logit, less the mean or the other token's.
    [[nodiscard]] double biasOf(const Node &logit) const {
        const std::vector<T> &bias = trace_.gpt.unembeddingBias;
        const size_t from = logit.minus >= 0 ? static_cast<size_t>(logit.minus) : 0;
        const size_t to = logit.minus >= 0 ? from + 1 : bias.size();
        double base = 0;
        for (size_t v = from; v < to; ++v)
            base += static_cast<double>(bias[v]) / static_cast<double>(to - from);
        return static_cast<double>(bias[static_cast<size_t>(logit.id)]) - base;
    }

    /// What feature (layer, feature) writes, a unit of activation, as the reader reads it: into every MLP output below.
    [[nodiscard]] double readFeature(const Reader<T> &reader, int layer, int feature) const {
        double sum = 0;
        const int last = std::min(layer + trace_.transcoder.config.decodersOf(layer), reader.layer);
        for (int to = layer; to < last; ++to)
            sum += read(reader, trace_.transcoder.decoderRow(layer, feature, to).data());
        return sum;
    }

    template <class Visit>
    double expandMlp(const Reader<T> &reader, int layer, Visit &&visit) {
        const auto l = static_cast<size_t>(layer), p = static_cast<size_t>(reader.position);
        const SparseActivations<T> &active = trace_.active[l];
        for (auto i = static_cast<size_t>(active.offsets[p]); i < static_cast<size_t>(active.offsets[p + 1]); ++i)
            visit({.kind = PathStep::Kind::Feature,
                   .layer = layer,
                   .position = reader.position,
                   .id = active.features[i],
                   .contribution =
                       static_cast<double>(active.values[i]) * readFeature(reader, layer, active.features[i])});
        visit({.kind = PathStep::Kind::Error,
               .layer = layer,
               .position = reader.position,
               .contribution = read(reader, errors_[l].data() + int64_t{reader.position} * d_)});
        const TranscoderLayer<T> &dictionary = trace_.transcoder.layers[l];
        if (!dictionary.skip.empty()) {
            std::vector<T> written(static_cast<size_t>(d_));
            for (int i = 0; i < d_; ++i)
                written[static_cast<size_t>(i)] =
                    dot(dictionary.skip.data() + int64_t{i} * d_,
                        trace_.activations.blocks[l].ln2.data() + int64_t{reader.position} * d_, d_);
            visit({.kind = PathStep::Kind::Skip,
                   .layer = layer,
                   .position = reader.position,
                   .contribution = read(reader, written.data())});
        }
        return read(reader, dictionary.decoderBias.data());
    }

    /// W_Oᵀ v (H·s): what the reader wants of each head.
    [[nodiscard]] std::vector<T> wantedOfHeads(const Reader<T> &reader, int layer) const {
        const int width = trace_.gpt.config.attentionWidth();
        const std::vector<T> &output = trace_.gpt.blocks[static_cast<size_t>(layer)].attentionOutput;
        std::vector<T> wanted(static_cast<size_t>(width));
        for (int i = 0; i < d_; ++i)
            kernels<T>().axpy(reader.vector[static_cast<size_t>(i)], output.data() + int64_t{i} * width, wanted.data(),
                              width);
        return wanted;
    }

    [[nodiscard]] T pattern(int layer, int head, int query, int key) const {
        const int64_t length = trace_.activations.length;
        return trace_.activations.blocks[static_cast<size_t>(layer)]
            .attention[static_cast<size_t>((head * length + query) * length + key)];
    }

    template <class Visit>
    double expandHeads(const Reader<T> &reader, int layer, Visit &&visit) {
        const auto l = static_cast<size_t>(layer);
        const int size = trace_.gpt.config.headSize, width = trace_.gpt.config.attentionWidth();
        const std::vector<T> wanted = wantedOfHeads(reader, layer);
        for (int h = 0; h < trace_.gpt.config.heads; ++h)
            for (int s = 0; s <= reader.position; ++s) {
                const T *value = trace_.activations.blocks[l].value.data() + int64_t{s} * width + h * size;
                const T a = pattern(layer, h, reader.position, s);
                visit({.kind = PathStep::Kind::Head,
                       .layer = layer,
                       .position = s,
                       .id = h,
                       .contribution = static_cast<double>(a * dot(wanted.data() + h * size, value, size))});
            }
        return read(reader, trace_.gpt.blocks[l].attentionOutputBias.data());
    }

    /// The reader of what stands behind a step, and what a feature hands on.
    Reader<T> pulledBack(const Reader<T> &reader, const PathStep &step,
                         std::vector<typename Branch<T>::Passed> &passed) {
        const auto l = static_cast<size_t>(step.layer), p = static_cast<size_t>(step.position);
        const BlockWeights<T> &weights = trace_.gpt.blocks[l];
        const BlockActivations<T> &seen = trace_.activations.blocks[l];
        if (step.kind == PathStep::Kind::Feature) {
            const double factor = readFeature(reader, step.layer, step.id);
            passed.push_back({factor, activationOf(step)});
            return readerOf(featureSeed(step.layer, step.position, step.id), step.layer, step.position, true);
        }
        if (step.kind == PathStep::Kind::Skip) { // W_skipᵀ v through LN2
            const std::vector<T> &skip = trace_.transcoder.layers[l].skip;
            std::vector<T> wanted(static_cast<size_t>(d_));
            for (int i = 0; i < d_; ++i)
                kernels<T>().axpy(reader.vector[static_cast<size_t>(i)], skip.data() + int64_t{i} * d_, wanted.data(),
                                  d_);
            return readerOf(pullback_.seed(wanted, 1, step.position, weights.ln2, seen.ln2Sigma[p]), step.layer,
                            step.position, true);
        }
        // A_ps · W_Vᵀ W_Oᵀ v through LN1
        const int size = trace_.gpt.config.headSize;
        const std::vector<T> wanted = wantedOfHeads(reader, step.layer);
        std::vector<T> pulled(static_cast<size_t>(d_));
        const T a = pattern(step.layer, step.id, reader.position, step.position);
        for (int i = step.id * size; i < (step.id + 1) * size; ++i)
            kernels<T>().axpy(a * wanted[static_cast<size_t>(i)], weights.value.data() + int64_t{i} * d_, pulled.data(),
                              d_);
        return readerOf(pullback_.seed(pulled, 1, step.position, weights.ln1, seen.ln1Sigma[p]), step.layer,
                        step.position, false);
    }

    [[nodiscard]] double activationOf(const PathStep &step) const {
        const SparseActivations<T> &active = trace_.active[static_cast<size_t>(step.layer)];
        const auto p = static_cast<size_t>(step.position);
        const auto first = active.features.begin() + active.offsets[p],
                   last = active.features.begin() + active.offsets[p + 1];
        const auto found = std::lower_bound(first, last, step.id);
        return static_cast<double>(active.values[static_cast<size_t>(found - active.features.begin())]);
    }

    const TracedPrompt<T> &trace_;
    int d_;
    Pullback<T> pullback_;
    std::vector<std::vector<T>> errors_; ///< per layer (N, d)
    double startConstants_ = 0;
};

/// The strongest first; equal ones keep their order.
template <class Item, class Value>
void keepStrongest(std::vector<Item> &items, size_t most, Value &&value) {
    std::stable_sort(items.begin(), items.end(),
                     [&](const Item &a, const Item &b) { return std::abs(value(a)) > std::abs(value(b)); });
    if (items.size() > most)
        items.resize(most);
}

} // namespace

Node PathStep::node() const {
    constexpr NodeKind kinds[] = {NodeKind::Feature, NodeKind::Logit, NodeKind::Feature, NodeKind::Feature,
                                  NodeKind::Error,   NodeKind::Token, NodeKind::Position};
    return {.kind = kinds[static_cast<size_t>(kind)], .layer = layer, .position = position, .id = id, .minus = minus};
}

std::string stepId(const PathStep &step) {
    const std::string layer = std::to_string(step.layer), at = "@" + std::to_string(step.position);
    if (step.kind == PathStep::Kind::Head)
        return "head " + layer + "." + std::to_string(step.id) + at;
    if (step.kind == PathStep::Kind::Skip)
        return "skip " + layer + at;
    return nodeId(step.node());
}

std::vector<Problem> PathSettings::validate() const {
    std::vector<Problem> problems;
    if (depth < 1 || depth > 64)
        problems.push_back({"depth", "The depth must be 1 to 64, not " + std::to_string(depth) + "."});
    if (branches < 1 || branches > 10'000)
        problems.push_back({"branches", "The branches must be 1 to 10000, not " + std::to_string(branches) + "."});
    return problems;
}

template <class T>
std::vector<GreedyPath> greedyPaths(const TracedPrompt<T> &trace, const Node &target, const PathSettings &settings,
                                    std::stop_token stop) {
    if (const auto problems = settings.validate(); !problems.empty())
        throw Error(problems.front().text, Error::Kind::Usage);
    checkTrace(trace);
    PathSearch<T> search(trace);
    struct Candidate {
        size_t branch = 0;
        PathStep step; ///< complete: not used
        double gained = 0, contribution = 0;
    };
    std::vector<Branch<T>> kept{search.start(target)};
    for (int hop = 0; hop < settings.depth; ++hop) {
        std::vector<Candidate> candidates;
        for (size_t b = 0; b < kept.size(); ++b) {
            throwIfStopped(stop);
            if (kept[b].complete) {
                candidates.push_back({b, {}, 0, kept[b].path.contribution});
                continue;
            }
            search.expand(kept[b].reader, [&](const PathStep &step) {
                const double gained = step.contribution;
                if (gained != 0)
                    candidates.push_back({b, step, gained, search.handedOn(kept[b].passed, gained, settings.capped)});
            });
        }
        keepStrongest(candidates, static_cast<size_t>(settings.branches),
                      [](const Candidate &c) { return c.contribution; });
        std::vector<Branch<T>> next;
        for (const Candidate &c : candidates)
            next.push_back(kept[c.branch].complete ? kept[c.branch]
                                                   : search.extend(kept[c.branch], c.step, c.gained, settings.capped));
        kept = std::move(next);
    }
    std::vector<GreedyPath> paths;
    for (Branch<T> &branch : kept)
        paths.push_back(std::move(branch.path));
    return paths;
}

template <class T>
Contributors directContributors(const TracedPrompt<T> &trace, const Node &target) {
    PathSearch<T> search(trace);
    const Branch<T> branch = search.start(target);
    Contributors out;
    out.constants = search.startConstants();
    out.constants += search.expand(branch.reader, [&](const PathStep &step) { out.steps.push_back(step); });
    return out;
}

#define TT_INSTANTIATE(T)                                                                                              \
    template std::vector<GreedyPath> greedyPaths<T>(const TracedPrompt<T> &, const Node &, const PathSettings &,       \
                                                    std::stop_token);                                                  \
    template Contributors directContributors<T>(const TracedPrompt<T> &, const Node &);
TT_INSTANTIATE(float)
TT_INSTANTIATE(double)
#undef TT_INSTANTIATE

} // namespace tt
