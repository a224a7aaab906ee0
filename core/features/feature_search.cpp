#include "core/features/feature_search.h"

#include "core/features/feature_effects.h"
#include "core/nn/gpt_forward.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace tt {

std::string toString(MatchKind kind) {
    switch (kind) {
    case MatchKind::Name:
        return "name";
    case MatchKind::Label:
        return "label";
    case MatchKind::Promotes:
        return "promotes";
    case MatchKind::FiresOn:
        return "fires-on";
    }
    return {};
}

namespace {
/// Lower case of ASCII letters; other text is compared as it is.
std::string lower(std::string text) {
    for (char &c : text)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return text;
}

std::optional<std::pair<int, int>> parseName(const std::string &query) {
    std::pair<int, int> key;
    const char *end = query.data() + query.size();
    const auto [slash, layerError] = std::from_chars(query.data(), end, key.first);
    if (layerError != std::errc() || slash == end || *slash != '/')
        return std::nullopt;
    const auto [last, featureError] = std::from_chars(slash + 1, end, key.second);
    return featureError == std::errc() && last == end ? std::optional(key) : std::nullopt;
}

/// The ways the text may stand in a story: as it is, and with a space in front.
std::vector<std::vector<int32_t>> spellings(const Tokenizer &tokenizer, const std::string &query) {
    std::vector<std::vector<int32_t>> spellings{tokenizer.encodeOrdinary(query)};
    if (!query.starts_with(' '))
        spellings.push_back(tokenizer.encodeOrdinary(" " + query));
    return spellings;
}

std::string textOf(const Tokenizer &tokenizer, const std::vector<int32_t> &ids) {
    std::string text;
    for (const int32_t id : ids)
        text += tokenizer.text(id);
    return text;
}

class Search {
public:
    Search(const Dictionary &dictionary, const FeatureNotes &notes, const SearchRequest &request, std::stop_token stop)
        : dictionary_(dictionary), notes_(notes), request_(request), stop_(std::move(stop)) {}

    std::vector<SearchMatch> run() {
        if (request_.query.empty())
            return {};
        if (request_.name)
            byName();
        if (request_.label)
            byLabel();
        if (request_.promotes)
            byPromoted();
        throwIfStopped(stop_);
        if (request_.firesOn)
            byText();
        return std::move(matches_);
    }

private:
    void byName();
    void byLabel();
    void byPromoted();
    void byText();
    std::vector<float> firingInSample(const std::vector<std::vector<int32_t>> &texts) const;
    std::vector<float> firingAlone(const std::vector<int32_t> &ids) const;
    /// Appends the features with the largest positive scores (L · F).
    void addBest(MatchKind kind, const std::vector<float> &scores, const std::string &text);
    [[nodiscard]] size_t at(int layer, int feature) const {
        return static_cast<size_t>(layer) * static_cast<size_t>(dictionary_.features()) + static_cast<size_t>(feature);
    }

    const Dictionary &dictionary_;
    const FeatureNotes &notes_;
    const SearchRequest &request_;
    std::stop_token stop_;
    std::vector<SearchMatch> matches_;
};

void Search::byName() {
    const auto key = parseName(request_.query);
    if (key && key->first >= 0 && key->first < dictionary_.layers() && key->second >= 0 &&
        key->second < dictionary_.features())
        matches_.push_back({key->first, key->second, MatchKind::Name, 1, request_.query});
}

void Search::byLabel() {
    const std::string query = lower(request_.query);
    size_t found = 0;
    for (const auto &[key, note] : notes_)
        if (found < request_.count && lower(note.label + "\n" + note.notes).find(query) != std::string::npos &&
            key.first < dictionary_.layers() && key.second < dictionary_.features()) {
            matches_.push_back({key.first, key.second, MatchKind::Label, 1, note.label});
            ++found;
        }
}

void Search::byPromoted() {
    const ExplainedModel &model = *dictionary_.model;
    std::vector<float> best;
    std::string text;
    for (const auto &ids : spellings(model.tokenizer, request_.query)) {
        if (ids.size() != 1)
            continue;
        const std::vector<float> effects = effectsOnToken(model.gpt, model.transcoder, ids[0]);
        if (best.empty())
            best.assign(effects.size(), 0);
        for (size_t i = 0; i < effects.size(); ++i)
            best[i] = std::max(best[i], effects[i]);
        text += (text.empty() ? "" : " or ") + model.tokenizer.text(ids[0]);
    }
    addBest(MatchKind::Promotes, best, text);
}

void Search::byText() {
    const auto texts = spellings(dictionary_.model->tokenizer, request_.query);
    std::vector<float> scores = firingInSample(texts);
    if (scores.empty())
        scores = firingAlone(texts.back());
    addBest(MatchKind::FiresOn, scores, textOf(dictionary_.model->tokenizer, texts.back()));
}

/// Empty where the text is not in the sample.
std::vector<float> Search::firingInSample(const std::vector<std::vector<int32_t>> &texts) const {
    const std::vector<int32_t> &ids = dictionary_.sampledIds;
    std::vector<bool> inText(ids.size());
    int64_t places = 0;
    for (const auto &text : texts)
        for (auto found = ids.begin(); !text.empty();) {
            found = std::search(found, ids.end(), text.begin(), text.end());
            if (found == ids.end())
                break;
            for (size_t i = 0; i < text.size(); ++i, ++found)
                inText[static_cast<size_t>(found - ids.begin())] = true;
        }
    places = std::count(inText.begin(), inText.end(), true);
    if (places == 0)
        return {};
    std::vector<float> scores(at(dictionary_.layers(), 0));
    const FeatureIndex::Sample &sample = dictionary_.index->sample();
    for (size_t token = 0; token < inText.size(); ++token) {
        if (!inText[token])
            continue;
        for (size_t layer = 0; layer < sample.layers.size(); ++layer) {
            const auto &rows = sample.layers[layer];
            for (auto i = static_cast<size_t>(rows.rows[token]); i < static_cast<size_t>(rows.rows[token + 1]); ++i)
                scores[at(static_cast<int>(layer), rows.features[i])] += rows.activations[i];
        }
    }
    for (int layer = 0; layer < dictionary_.layers(); ++layer)
        for (int f = 0; f < dictionary_.features(); ++f)
            if (float &score = scores[at(layer, f)]; score > 0)
                score /= static_cast<float>(dictionary_.coactivation.norm(layer, f) *
                                            std::sqrt(static_cast<double>(places)));
    return scores;
}

std::vector<float> Search::firingAlone(const std::vector<int32_t> &all) const {
    const ExplainedModel &model = *dictionary_.model;
    const auto context = static_cast<size_t>(model.gpt.config.context);
    const std::vector<int32_t> ids(all.begin(),
                                   all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), context)));
    std::vector<float> scores(at(dictionary_.layers(), 0));
    if (ids.empty())
        return scores;
    GptActivations<float> activations;
    forward<float>(model.gpt, ids, 1, activations, model.gpt.config.layers);
    for (int layer = 0; layer < dictionary_.layers(); ++layer) {
        const auto active = encode<float>(model.transcoder, layer, activations.blocks[static_cast<size_t>(layer)].ln2);
        for (size_t i = 0; i < active.values.size(); ++i) {
            const int feature = active.features[i];
            const float maximum = std::max(dictionary_.maximum(layer, feature), active.values[i]);
            float &score = scores[at(layer, feature)];
            score = std::max(score, active.values[i] / maximum);
        }
    }
    return scores;
}

void Search::addBest(MatchKind kind, const std::vector<float> &scores, const std::string &text) {
    std::vector<size_t> order;
    for (size_t i = 0; i < scores.size(); ++i)
        if (scores[i] > 0)
            order.push_back(i);
    const size_t count = std::min(request_.count, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                      [&](size_t a, size_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
    const auto features = static_cast<size_t>(dictionary_.features());
    for (size_t i = 0; i < count; ++i)
        matches_.push_back({static_cast<int>(order[i] / features), static_cast<int>(order[i] % features), kind,
                            scores[order[i]], text});
}
} // namespace

std::vector<SearchMatch> searchFeatures(const Dictionary &dictionary, const FeatureNotes &notes,
                                        const SearchRequest &request, std::stop_token stop) {
    return Search(dictionary, notes, request, std::move(stop)).run();
}

} // namespace tt
