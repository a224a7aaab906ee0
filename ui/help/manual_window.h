#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;
class QTextBrowser;
class QTreeWidget;
class QTreeWidgetItem;

namespace tt {

/// The manual in a window of its own: contents or what a search found on the left, the page on the right. Everything is
/// compiled in; nothing is fetched.
class ManualWindow : public QWidget {
    Q_OBJECT
public:
    explicit ManualWindow(QWidget *parent = nullptr);

    /// Shows a page, at a heading where one is named.
    void open(const QString &page, const QString &heading = QString());
    [[nodiscard]] QString page() const { return page_; }

    /// The page and heading that speak of a widget: a heading that is the name of the widget or of one around it, on
    /// the place's page; else the page's beginning.
    static QString headingFor(const QWidget *widget, const QString &page);

protected:
    void changeEvent(QEvent *event) override;

private:
    void search(const QString &query);
    void showContents();
    void follow(QTreeWidgetItem *item);
    void goTo(const QString &heading);
    void fit();

    QString page_;
    QLineEdit *search_;
    QLabel *found_;
    QTreeWidget *list_;
    QTextBrowser *text_;
};

} // namespace tt
