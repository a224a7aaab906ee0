#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace tt {

/// What an empty pane shows: icon, one heading, one sentence, a primary and at most one other button, centred.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget *parent = nullptr);

    /// `icon` names a file of resources/icons. A button without text is not shown.
    void setContent(const QString &icon, const QString &heading, const QString &sentence,
                    const QString &primary = QString(), const QString &other = QString());
    [[nodiscard]] QPushButton *primaryButton() const { return primary_; }

Q_SIGNALS:
    void primaryRequested();
    void otherRequested();

protected:
    void changeEvent(QEvent *event) override;

private:
    void updateIcon();

    QString iconName_;
    QLabel *icon_, *heading_, *sentence_;
    QPushButton *primary_, *other_;
};

} // namespace tt
