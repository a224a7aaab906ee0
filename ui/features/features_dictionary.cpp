#include "ui/features/features_place.h"

#include "ui/features/across_stories.h"
#include "ui/features/all_features.h"
#include "ui/features/feature_card.h"
#include "ui/figures/words.h"

#include <QLineEdit>
#include <QTabBar>
#include <QTabWidget>

#include <algorithm>

namespace tt {

void FeaturesPlace::setDictionary(std::shared_ptr<const DictionarySummary> dictionary) {
    const bool same = dictionary_ && dictionary && dictionary_->transcoder == dictionary->transcoder;
    dictionary_ = std::move(dictionary);
    storiesOf_.reset();
    all_->table()->setDictionary(dictionary_);
    all_->dictionaryChanged(dictionary_.get());
    if (!same)
        search_->clear();
    else if (!search_->text().isEmpty())
        searchTimer_.start(); // other weights: other matches
    tabs_->setTabText(static_cast<int>(Tab::All),
                      dictionary_ ? tr("All features  %1").arg(count(std::ssize(dictionary_->maximum)))
                                  : tr("All features"));
    tabs_->tabBar()->setAccessibleTabName(static_cast<int>(Tab::All), tr("All features"));
    const bool indexed = dictionary_ && dictionary_->indexed;
    card_->setDictionary(dictionary_);
    showNoStories(indexed);
    if (index_.isEmpty() || !dictionary_)
        return;
    setPromptFeatures(index_.features());
    if (const auto key = card_->feature()) {
        Q_EMIT featureChosen(key->first, key->second); // the colours' scale may be another
        Q_EMIT cardRequested(key->first, key->second);
        if (tabs_->currentIndex() == static_cast<int>(Tab::Stories))
            requestStories(-1);
    }
}

void FeaturesPlace::showNoStories(bool indexed) {
    if (dictionary_)
        stories_->setRange(dictionary_->layers, dictionary_->features);
    if (indexed)
        stories_->setNothing(tr("No feature chosen"), tr("Choose one above to see where it fires in whole stories."));
    else
        stories_->setNothing(tr("No stories yet"), tr("One pass over the corpus finds where every feature fires."),
                             !readOnly_);
}

void FeaturesPlace::setFacts(const FeatureFacts &facts) {
    card_->setFacts(facts);
}

void FeaturesPlace::setExamples(const FeatureExamples &examples) {
    card_->setExamples(examples);
}

void FeaturesPlace::setMatches(const QString &query, const std::vector<SearchMatch> &matches) {
    if (query != search_->text())
        return;
    all_->setMatches(query, matches);
    if (!query.isEmpty())
        showTab(Tab::All);
}

void FeaturesPlace::requestStories(qint64 offset) {
    storiesOf_ = card_->feature();
    if (storiesOf_ && dictionary_ && dictionary_->indexed)
        Q_EMIT storiesRequested(storiesOf_->first, storiesOf_->second, offset);
}

void FeaturesPlace::setStories(int layer, int feature, std::vector<TokenStretch> stories, qint64 offset) {
    if (storiesOf_ != PromptIndex::Key(layer, feature))
        return;
    const auto note = notes_.find({layer, feature});
    const QString label = note == notes_.end() ? QString() : QString::fromStdString(note->second.label);
    if (stories.empty())
        return stories_->setNothing(tr("%1 never fires").arg(featureName(layer, feature)),
                                    tr("This feature is silent on the whole corpus."));
    const auto row = static_cast<size_t>(layer * dictionary_->features + feature);
    stories_->setStories(layer, feature, label, std::move(stories), dictionary_->maximum[row], offset);
}

void FeaturesPlace::setIndexing(bool running, double share, const QString &text) {
    card_->setIndexing(running, share, text);
    if (dictionary_ && dictionary_->indexed)
        return;
    if (running)
        stories_->setNothing(tr("Indexing the corpus, %1").arg(percent(std::max(0.0, share))), text);
    else
        showNoStories(false);
}

void FeaturesPlace::setWorking(bool running, double share, const QString &text) {
    all_->setWorking(running, share, text);
}

} // namespace tt
