#pragma once

#include "app/session/worker.h"
#include "core/io/workspace.h"
#include "core/train/story.h"

#include <QObject>
#include <QString>

#include <memory>
#include <vector>

namespace tt {

/// Lets GPTs write stories, one after the other, on a thread of its own. Tokens are handed over in batches, about 30 a
/// second.
class Storyteller : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    void setWorkspace(const Workspace &workspace);
    /// A new story of the run with that id; an unfinished one of the user's is stopped.
    void tell(int id, const StoryRequest &request);
    /// The same, unless a story is being written or waits: what trains is only watched.
    void tellIfIdle(int id, const StoryRequest &request);
    void stop();

Q_SIGNALS:
    void started(int id, qint64 step, const QString &prompt);
    void tokensArrived(int id, const std::vector<tt::StoryToken> &tokens);
    void ended(int id, const QString &problem); ///< empty: as it should

private:
    std::unique_ptr<Workspace> workspace_;
    std::stop_source stop_{std::nostopstate};
    int waiting_ = 0; ///< stories asked for and not ended
    Worker worker_;   ///< last: ends before what it uses
};

} // namespace tt
