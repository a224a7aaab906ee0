#pragma once

#include "app/session/worker.h"
#include "core/io/workspace.h"
#include "ui/values.h"

#include <QObject>

#include <list>
#include <memory>
#include <string>

namespace tt {

/// Reads stories for the preview and counts tokens, each on a thread of its own; a newer request stops the one before.
class PreviewJobs : public QObject {
    Q_OBJECT
public:
    explicit PreviewJobs(QObject *parent = nullptr);

    void preview(const Workspace &workspace, const QString &corpus, const QString &tokenizer, qint64 first);
    /// `all`: every story, whatever the size; with progress. Else a sample of a large corpus.
    void count(const Workspace &workspace, const QString &corpus, const QString &tokenizer, bool all);
    /// Forgets what was remembered of texts that may be others now.
    void forget();
    void cancelCount();

Q_SIGNALS:
    void previewed(const tt::StoryPreview &preview);
    void counted(const tt::TokenCounts &counts);
    void jobChanged(const tt::JobStatus &job); ///< of counting everything
    void failed(const QString &why);

private:
    /// Of one corpus and tokenizer, counted before.
    static constexpr size_t mostRemembered = 16;
    template <class Work>
    std::stop_source start(Worker &worker, Work work);

    std::shared_ptr<class CorpusPreview> reader_; ///< used on the reading thread only
    std::list<TokenCounts> remembered_;
    int generation_ = 0; ///< of the texts: results of an older one are not remembered
    std::stop_source previewStop_{std::nostopstate}, countStop_{std::nostopstate};
    Worker reading_, counting_; ///< last: end before what they use
};

} // namespace tt
