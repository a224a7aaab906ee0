#pragma once

#include "app/session/requests.h"
#include "core/features/feature_card.h"
#include "core/features/feature_search.h"
#include "core/io/workspace.h"

#include <QObject>

#include <memory>
#include <vector>

namespace tt {

/// Answers for the features of the transcoder that is open: its dictionary, cards, searches, stories, labels; makes the
/// index and measures CE effects. Only the newest request of a kind counts; an answer that is no longer wanted is
/// dropped. Passes over the corpus have a thread of their own, so that the rest stays at hand meanwhile.
class FeatureInspector : public QObject {
    Q_OBJECT
public:
    explicit FeatureInspector(QObject *parent = nullptr);

    /// Without a model: forgets the present one.
    void open(const Workspace &workspace, std::shared_ptr<const ExplainedModel> model);
    void readSnapshots(); ///< whether there are more of them
    void card(int layer, int feature);
    void search(const QString &query);
    /// `offset`: a token of the corpus whose story comes first, or −1.
    void stories(int layer, int feature, qint64 offset);
    void writeNote(int layer, int feature, const FeatureNote &note);
    void copyText(int layer, int feature);
    void copyJson(int layer, int feature);
    void exportTo(int layer, int feature, const QString &file);
    void exportAll(const QString &folder, bool packed);
    void buildIndex();
    void stopIndex();
    /// Measures CE effects on so many windows of each feature more. What was measured is kept at a stop.
    void measureEffects();
    void stopWork(); ///< measuring and exporting

Q_SIGNALS:
    void dictionaryRead(const std::shared_ptr<const tt::DictionarySummary> &dictionary);
    void snapshotsRead(const std::vector<int64_t> &steps);
    void notesRead(const tt::FeatureNotes &notes, const QString &problem);
    void factsRead(const tt::FeatureFacts &facts);
    void examplesRead(const tt::FeatureExamples &examples);
    void matchesRead(const QString &query, const std::vector<tt::SearchMatch> &matches);
    void storiesRead(int layer, int feature, const std::vector<tt::TokenStretch> &stories, qint64 offset);
    void copied(const QString &text); ///< what copyText and copyJson made
    void exported(qint64 files, const QString &path);
    void indexing(bool running, double share, const QString &text);
    void working(bool running, double share, const QString &text); ///< measures CE effects or exports
    void failed(const QString &why);

private:
    enum Kind { Open, Snapshots, Facts, Examples, Search, Stories, Note, KeptNotes, Copy, Export };
    enum WorkerOf { Quick, Reader };
    using Answer = Requests::Answer;
    struct Loaded { ///< used on the worker only
        std::shared_ptr<const Dictionary> dictionary;
        FeatureNotes notes;
    };
    using Work = std::function<Answer(const std::stop_token &, Loaded &)>;
    /// Posts `work` in place of the older request of its kind.
    void request(Kind kind, Work work);
    void readDictionary();
    void noteEnded(bool differs);
    /// Reads of the corpus beside the requests that are quick: those never wait for it.
    using Reading = std::function<Answer(const std::stop_token &, const Dictionary &)>;
    void requestReading(Kind kind, Reading work);
    /// A long computation over the corpus.
    struct Pass {
        void (FeatureInspector::*tells)(bool running, double share, const QString &text);
        std::stop_source stop{std::nostopstate};
        quint64 of = 0; ///< which opening the running pass belongs to
    };
    using PassWork = std::function<void(const std::stop_token &, const ProgressSink &)>;
    /// `done` follows on this object's thread, also after a stop, but not after an error.
    void start(Pass &pass, const QString &what, PassWork work, Answer done);
    void drop(Pass &pass); ///< stops it, and nothing it tells counts any more

    std::shared_ptr<Loaded> loaded_ = std::make_shared<Loaded>();
    std::shared_ptr<const Dictionary> dictionary_; ///< loaded_'s, once it is there
    std::shared_ptr<const Workspace> workspace_;
    std::shared_ptr<const ExplainedModel> model_;
    Pass index_{&FeatureInspector::indexing}, effects_{&FeatureInspector::working}, export_{&FeatureInspector::working};
    int notesPending_ = 0;     ///< are being written
    bool notesDiffer_ = false; ///< from what is shown
    Requests requests_;
    Worker indexer_; ///< last: ends before what it uses
};

} // namespace tt
