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
/// index. Only the newest request of a kind counts; an answer that is no longer wanted is dropped. The index is made on
/// a thread of its own, so that the rest stays at hand meanwhile.
class FeatureInspector : public QObject {
    Q_OBJECT
public:
    explicit FeatureInspector(QObject *parent = nullptr);

    /// Without a model: forgets the present one.
    void open(const Workspace &workspace, std::shared_ptr<const ExplainedModel> model);
    void card(int layer, int feature);
    void search(const QString &query);
    /// `offset`: a token of the corpus whose story comes first, or −1.
    void stories(int layer, int feature, qint64 offset);
    void writeNote(int layer, int feature, const FeatureNote &note);
    void copyText(int layer, int feature);
    void copyJson(int layer, int feature);
    /// One feature to a file, or all (−1, −1) to a folder.
    void exportTo(int layer, int feature, const QString &path);
    void buildIndex();
    void stopIndex();

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
    void failed(const QString &why);

private:
    enum Kind { Open, Facts, Examples, Search, Stories, Note, Copy, Export, Kinds };
    using Answer = Requests::Answer;
    struct Loaded { ///< used on the worker only
        std::shared_ptr<const Dictionary> dictionary;
        FeatureNotes notes;
    };
    using Work = std::function<Answer(const std::stop_token &, Loaded &)>;
    /// Posts `work` in place of the older request of its kind.
    void request(Kind kind, Work work);
    void readDictionary();

    std::shared_ptr<Loaded> loaded_ = std::make_shared<Loaded>();
    std::shared_ptr<const Workspace> workspace_;
    std::shared_ptr<const ExplainedModel> model_;
    std::stop_source indexStop_{std::nostopstate};
    quint64 indexOf_ = 0; ///< which opening the running pass belongs to
    Requests requests_;
    Worker indexer_; ///< last: ends before what it uses
};

} // namespace tt
