#include "ui/features/feature_card.h"

#include "ui/features/card_examples.h"
#include "ui/features/card_head.h"
#include "ui/features/histogram_view.h"
#include "ui/features/weights_list.h"
#include "ui/figures/facts_row.h"
#include "ui/figures/words.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/roles.h"
#include "ui/widgets/section_header.h"

#include <QHBoxLayout>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tt {

namespace {
QWidget *column(QWidget *parent, const QList<QWidget *> &widgets) {
    auto *made = new QWidget(parent);
    auto *layout = new QVBoxLayout(made);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    for (QWidget *widget : widgets)
        layout->addWidget(widget, qobject_cast<QAbstractItemView *>(widget) ? 1 : 0);
    return made;
}

QSplitter *splitter(Qt::Orientation orientation, const QList<QWidget *> &widgets, const QList<int> &sizes,
                    QWidget *parent) {
    auto *made = new QSplitter(orientation, parent);
    made->setChildrenCollapsible(false);
    for (QWidget *widget : widgets)
        made->addWidget(widget);
    QList<int> scaledSizes;
    for (qsizetype i = 0; i < sizes.size(); ++i) {
        scaledSizes << scaled(sizes[i]);
        made->setStretchFactor(static_cast<int>(i), sizes[i]);
    }
    made->setSizes(scaledSizes);
    return made;
}

std::vector<WeightsModel::Row> tokenRows(const std::vector<WeightedToken> &tokens) {
    std::vector<WeightsModel::Row> rows;
    for (const WeightedToken &token : tokens)
        rows.push_back({.name = shownToken(token.text),
                        .feature = std::nullopt,
                        .label = {},
                        .path = {},
                        .weight = static_cast<double>(token.weight)});
    return rows;
}
} // namespace

FeatureCard::FeatureCard(QWidget *parent) : QWidget(parent) {
    setAccessibleName(tr("Feature card"));
    setGround(this, &Theme::panel);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(head_ = new CardHead(this));
    layout->addWidget(horizontalLine(this));
    body_ = new QStackedWidget(this);
    body_->addWidget(empty_ = new EmptyState(body_));
    body_->addWidget(makeBody());
    layout->addWidget(body_, 1);
    connect(head_, &CardHead::backRequested, this, &FeatureCard::goBack);
    connect(head_, &CardHead::forwardRequested, this, &FeatureCard::goForward);
    connect(head_, &CardHead::featureChosen, this, &FeatureCard::follow);
    connect(head_, &CardHead::traceRequested, this, &FeatureCard::trace);
    connect(head_, &CardHead::interveneRequested, this, &FeatureCard::intervene);
    empty_->setContent(QStringLiteral("features"), tr("No feature chosen"),
                       tr("Click a feature at the left to see what it means."));
    showFeature();
}

QWidget *FeatureCard::makeBody() {
    auto *facts = new QWidget(body_);
    setGround(facts, &Theme::alternate);
    auto *factsLayout = new QHBoxLayout(facts);
    factsLayout->setContentsMargins(scaled(16), scaled(6), scaled(16), scaled(6));
    factsLayout->addWidget(factsRow_ = new FactsRow(facts));
    QWidget *upper = splitter(Qt::Horizontal, {makeExamples(), makeRight()}, {416, 304}, body_);
    QWidget *parts = splitter(Qt::Vertical, {upper, makeBelow()}, {280, 200}, body_);
    auto *body = new QWidget(body_);
    auto *layout = new QVBoxLayout(body);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(facts);
    layout->addWidget(horizontalLine(body));
    layout->addWidget(parts, 1);
    return body;
}

QWidget *FeatureCard::makeExamples() {
    examples_ = new CardExamples(body_);
    connect(examples_, &CardExamples::indexRequested, this, &FeatureCard::indexRequested);
    connect(examples_, &CardExamples::indexStopRequested, this, &FeatureCard::indexStopRequested);
    connect(examples_, &CardExamples::promptRequested, this, &FeatureCard::promptRequested);
    connect(examples_, &CardExamples::storyRequested, this, [this](qint64 offset) {
        if (const auto key = feature())
            Q_EMIT storyRequested(key->first, key->second, offset);
    });
    return examples_;
}

QWidget *FeatureCard::makeRight() {
    histogramTitle_ = new SectionHeader(tr("Activations"), body_, 32);
    histogramTitle_->setNote(tr("count, log"));
    histogram_ = new HistogramView(body_);
    histogram_->setMinimumHeight(scaled(110));
    raised_ = new WeightsList(WeightsList::Kind::Tokens, tr("Promotes"), body_);
    lowered_ = new WeightsList(WeightsList::Kind::Tokens, tr("Suppresses"), body_);
    const auto titled = [this](const QString &title, WeightsList *list) {
        return column(body_, {new SectionHeader(title, body_, 32), list});
    };
    auto *tokens = new QWidget(body_);
    auto *row = new QHBoxLayout(tokens);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(titled(tr("Promotes"), raised_), 1);
    row->addWidget(titled(tr("Suppresses"), lowered_), 1);
    return splitter(Qt::Vertical, {column(body_, {histogramTitle_, histogram_}), tokens}, {150, 150}, body_);
}

QWidget *FeatureCard::makeBelow() {
    upstream_ = new WeightsList(WeightsList::Kind::Paths, tr("Upstream"), body_);
    downstream_ = new WeightsList(WeightsList::Kind::Paths, tr("Downstream"), body_);
    nearest_ = new WeightsList(WeightsList::Kind::Features, tr("Nearest by decoder"), body_);
    coactive_ = new WeightsList(WeightsList::Kind::Features, tr("Active together"), body_);
    reads_ = new WeightsList(WeightsList::Kind::Reads, tr("Reads tokens"), body_);
    for (WeightsList *list : {upstream_, downstream_, nearest_, coactive_}) {
        connect(list, &WeightsList::featureChosen, this, &FeatureCard::follow);
        connect(list, &WeightsList::menuRequested, this, &FeatureCard::menuRequested);
    }
    const auto titled = [this](const QString &title, const QString &note, WeightsList *list,
                               SectionHeader **header = nullptr) {
        auto *made = new SectionHeader(title, body_, 32);
        made->setNote(note);
        if (header)
            *header = made;
        return column(body_, {made, list});
    };
    upstreamPane_ = titled(tr("Upstream"), tr("weight × co-activation"), upstream_);
    downstreamPane_ = titled(tr("Downstream"), tr("weight × co-activation"), downstream_, &downstreamTitle_);
    QWidget *paths = splitter(Qt::Vertical, {upstreamPane_, downstreamPane_}, {1, 1}, body_);
    coactivePane_ = titled(tr("Active together"), tr("cosine of activations"), coactive_);
    QWidget *near = splitter(Qt::Vertical, {titled(tr("Nearest"), tr("cosine of decoders"), nearest_), coactivePane_},
                             {1, 1}, body_);
    return splitter(Qt::Horizontal, {paths, near, titled(tr("Reads tokens"), tr("weight"), reads_)}, {272, 248, 200},
                    body_);
}

void FeatureCard::setPrompt(const PromptIndex &index) {
    index_ = &index;
    head_->setRange(index.features().layers, index.features().features);
    showFeature();
}

void FeatureCard::setSelectedPositions(std::vector<int> positions) {
    selected_ = std::move(positions);
    showFeature();
}

void FeatureCard::setNotes(const FeatureNotes &notes) {
    notes_ = &notes;
    showFeature();
    showLists();
}

void FeatureCard::setDictionary(std::shared_ptr<const DictionarySummary> dictionary) {
    dictionary_ = std::move(dictionary);
    const bool indexed = dictionary_ && dictionary_->indexed;
    coactivePane_->setVisible(indexed); // only the index says what fires together
    examples_->setIndex(indexed, dictionary_ ? QString::fromStdString(dictionary_->noIndex) : QString());
    facts_ = {};
    showFacts();
    showLists();
}

void FeatureCard::setReadOnly(bool readOnly) {
    head_->setReadOnly(readOnly);
    examples_->setReadOnly(readOnly);
}

void FeatureCard::setIndexing(bool running, double share, const QString &text) {
    examples_->setIndexing(running, share, text);
}

std::optional<PromptIndex::Key> FeatureCard::feature() const {
    return at_ < 0 ? std::nullopt : std::optional(history_[static_cast<size_t>(at_)]);
}

void FeatureCard::choose(int layer, int feature) {
    const PromptIndex::Key key{layer, feature};
    if (this->feature() == key)
        return;
    history_.resize(static_cast<size_t>(at_ + 1));
    history_.push_back(key);
    ++at_;
    showFeature();
}

/// Chosen here: everybody else follows.
void FeatureCard::follow(int layer, int feature) {
    choose(layer, feature);
    Q_EMIT featureChosen(layer, feature);
}

void FeatureCard::move(int step) {
    const int to = at_ + step;
    if (to < 0 || to >= std::ssize(history_))
        return;
    at_ = to;
    showFeature();
    Q_EMIT featureChosen(feature()->first, feature()->second);
}

void FeatureCard::goBack() {
    move(-1);
}

void FeatureCard::goForward() {
    move(1);
}

std::span<const ActiveFeature> FeatureCard::places() const {
    const auto key = feature();
    return index_ && key ? index_->of(key->first, key->second) : std::span<const ActiveFeature>();
}

int FeatureCard::preferredPosition(std::span<const ActiveFeature> places) const {
    // The strongest of the selected tokens; where it is silent at all of them, the strongest of the prompt.
    const auto worth = [this](const ActiveFeature &place) {
        const bool selected = std::find(selected_.begin(), selected_.end(), place.position) != selected_.end();
        return std::pair(selected, place.activation);
    };
    return std::max_element(places.begin(), places.end(),
                            [&](const ActiveFeature &a, const ActiveFeature &b) { return worth(a) < worth(b); })
        ->position;
}

QString FeatureCard::wordsOf(int layer, int feature) const {
    if (notes_)
        if (const auto found = notes_->find({layer, feature}); found != notes_->end() && !found->second.label.empty())
            return QString::fromStdString(found->second.label);
    if (!dictionary_ || layer >= dictionary_->layers || feature >= dictionary_->features)
        return {};
    const auto row = static_cast<size_t>(layer * dictionary_->features + feature);
    return row < dictionary_->promoted.size() ? tr("→ %1").arg(shownToken(dictionary_->promoted[row])) : QString();
}

void FeatureCard::showFeature() {
    const auto key = feature();
    FeatureNote note;
    if (key && notes_)
        if (const auto found = notes_->find(*key); found != notes_->end())
            note = found->second;
    head_->setHistory(at_ > 0, at_ + 1 < std::ssize(history_));
    head_->setFeature(key, note);
    head_->setCanTrace(
        !places().empty(),
        key ? tr("%1 does not fire in this prompt: there is nothing to trace").arg(featureName(key->first, key->second))
            : tr("Choose a feature first"));
    body_->setCurrentIndex(key ? 1 : 0);
    showFacts();
}

/// What is known at once: from the prompt; the rest where it belongs to this feature.
void FeatureCard::showFacts() {
    const auto key = feature();
    if (!key)
        return;
    const auto here = places();
    std::vector<FactsRow::Fact> facts;
    std::optional<float> activation;
    if (here.empty()) {
        facts.push_back({.word = tr("silent in this prompt")});
    } else {
        const int position = preferredPosition(here);
        const auto at = std::find_if(here.begin(), here.end(),
                                     [position](const ActiveFeature &place) { return place.position == position; });
        activation = at->activation;
        facts.push_back({.word = tr("here"), .figure = figure(static_cast<double>(at->activation))});
    }
    const bool known = key == PromptIndex::Key(facts_.layer, facts_.feature) && !facts_.raised.empty();
    if (known) {
        facts.push_back({.word = tr("largest"), .figure = figure(static_cast<double>(facts_.maximum))});
        facts.push_back({.word = tr("density"), .figure = tr("%1 %").arg(figure(100 * facts_.density))});
        if (facts_.ceEffect)
            facts.push_back({.word = tr("CE effect"),
                             .figure = figure(1000 * *facts_.ceEffect, 3),
                             .after = tr("millinats a token")});
        if (facts_.indexed)
            facts.push_back({.word = tr("fired"),
                             .figure = count(facts_.count),
                             .after = tr("times in %1 tokens").arg(count(facts_.tokens))});
    }
    factsRow_->setFacts(facts);
    histogram_->setHere(activation);
}

void FeatureCard::setFacts(const FeatureFacts &facts) {
    if (feature() != PromptIndex::Key(facts.layer, facts.feature))
        return;
    facts_ = facts;
    showFacts();
    showLists();
    histogram_->setHistogram(facts.histogram, facts.maximum);
}

void FeatureCard::showLists() {
    raised_->setRows(tokenRows(facts_.raised));
    lowered_->setRows(tokenRows(facts_.lowered));
    reads_->setRows(tokenRows(facts_.reads));
    const auto row = [this](int layer, int feature, double weight, const QString &path) {
        return WeightsModel::Row{.name = featureName(layer, feature),
                                 .feature = std::pair(layer, feature),
                                 .label = wordsOf(layer, feature),
                                 .path = path,
                                 .weight = weight};
    };
    const auto nearRows = [&](const std::vector<FeatureWeight> &features) {
        std::vector<WeightsModel::Row> rows;
        for (const FeatureWeight &f : features)
            rows.push_back(row(f.layer, f.feature, static_cast<double>(f.weight), {}));
        return rows;
    };
    const auto pathRows = [&](const std::vector<FeaturePath> &paths) {
        std::vector<WeightsModel::Row> rows;
        for (const FeaturePath &p : paths)
            rows.push_back(row(p.layer, p.feature, static_cast<double>(p.score()),
                               p.head < 0 ? tr("direct") : QStringLiteral("L%1H%2").arg(p.throughLayer).arg(p.head)));
        return rows;
    };
    nearest_->setRows(nearRows(facts_.nearest));
    coactive_->setRows(nearRows(facts_.coactive));
    upstream_->setRows(pathRows(facts_.upstream));
    downstream_->setRows(pathRows(facts_.downstream));
    const bool last = index_ && facts_.layer + 1 == index_->features().layers;
    downstreamTitle_->setNote(last ? tr("logits only, the last layer") : tr("weight × co-activation"));
    upstreamPane_->setVisible(facts_.layer > 0); // nothing is before the first layer, only logits after the last
    downstreamPane_->setVisible(!last || facts_.layer == 0);
}

void FeatureCard::setExamples(const FeatureExamples &examples) {
    if (feature() != PromptIndex::Key(examples.layer, examples.feature))
        return;
    examples_->setExamples(examples, facts_.maximum);
}

void FeatureCard::trace() {
    const auto key = feature();
    if (key && !places().empty())
        Q_EMIT traceFeatureRequested(key->first, preferredPosition(places()), key->second);
}

void FeatureCard::intervene() {
    const auto key = feature();
    if (key && !places().empty())
        Q_EMIT interveneRequested(key->first, preferredPosition(places()), key->second);
}

} // namespace tt
