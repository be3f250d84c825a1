PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE source (
	id INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	url TEXT NOT NULL, 
	categories JSON NOT NULL, 
	tags JSON NOT NULL, 
	language TEXT, 
	interval BIGINT NOT NULL, 
	enabled BOOLEAN NOT NULL, 
	present BOOLEAN NOT NULL, 
	first_seen BIGINT NOT NULL, 
	readdressed BOOLEAN NOT NULL, 
	lease_until BIGINT, 
	claimed_by VARCHAR(32), 
	host TEXT, 
	pushed_until BIGINT, 
	moved_to TEXT, 
	etag TEXT, 
	last_modified TEXT, 
	digest BLOB NOT NULL, 
	seen BLOB NOT NULL, 
	last_fetch BIGINT, 
	next_fetch BIGINT NOT NULL, 
	due_reason TEXT NOT NULL, 
	http_status INTEGER, 
	failures INTEGER NOT NULL, 
	error TEXT, 
	paused TEXT, 
	entries INTEGER NOT NULL, 
	unmodified_since BIGINT, 
	wish BIGINT NOT NULL, 
	skip_hours JSON NOT NULL, 
	skip_days JSON NOT NULL, 
	facts JSON NOT NULL, 
	CONSTRAINT pk_source PRIMARY KEY (id)
);
INSERT INTO source VALUES(1,0,'thehill','http://127.0.0.1:18799/a.xml','["thehill"]','["thehill"]','en',3600000000,1,1,1795521600000000,0,NULL,'00000000000000000000000000000000','127.0.0.1:18799',NULL,NULL,NULL,'Sat, 28 Nov 2026 22:19:21 GMT',X'bead9bb9840cd418acb009742e8c128f',X'd2437adc65026af4',1795532400000000,1795536024000000,'interval',304,0,NULL,NULL,1,1795532400000000,3600000000,'[]','[]','{"title": "The Hill", "link": "https://thehill.com/", "language": "en-US", "self_link": "https://thehill.com/news/feed/"}');
INSERT INTO source VALUES(2,1,'second','http://127.0.0.1:18799/b.xml','["World News", "city"]','["second"]',NULL,7200000000,1,1,1795521600000000,0,NULL,'00000000000000000000000000000000','127.0.0.1:18799',NULL,NULL,NULL,'Sat, 28 Nov 2026 22:19:50 GMT',X'e24aff9e5d6e2654541b54a29ff912ee',X'322abf2bdc63e6d078b7a071bdcf62ca',1795532400000000,1795539845000000,'interval',200,0,NULL,NULL,2,NULL,0,'[]','[]','{"title": "Second Paper", "link": "https://second.example/"}');
INSERT INTO source VALUES(3,2,'third','http://127.0.0.1:18799/c.atom','["city"]','["third"]',NULL,3600000000,1,1,1795521600000000,0,NULL,'00000000000000000000000000000000','127.0.0.1:18799',NULL,NULL,NULL,'Sat, 28 Nov 2026 22:19:21 GMT',X'a74862040de8cf642821a47792d8019e',X'14ff2318b18edafb',1795532400000000,1795536028000000,'interval',304,0,NULL,NULL,1,1795532400000000,0,'[]','[]','{"title": "Third Journal", "link": "https://third.example/"}');
INSERT INTO source VALUES(4,3,'off','http://127.0.0.1:18799/none.xml','["off"]','["off"]',NULL,3600000000,0,1,1795521600000000,0,NULL,NULL,'127.0.0.1:18799',NULL,NULL,NULL,NULL,X'',X'',NULL,0,'',NULL,0,NULL,NULL,0,NULL,0,'[]','[]','{"title": ""}');
CREATE TABLE host (
	name TEXT NOT NULL, 
	not_before BIGINT, 
	refusals INTEGER NOT NULL, 
	forbidden INTEGER NOT NULL, 
	CONSTRAINT pk_host PRIMARY KEY (name)
);
CREATE TABLE category (
	name VARCHAR(80) NOT NULL, 
	label TEXT NOT NULL, 
	first_seen BIGINT NOT NULL, 
	present BOOLEAN NOT NULL, 
	successor VARCHAR(80), 
	pending BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_category PRIMARY KEY (name)
);
INSERT INTO category VALUES('all','all',1795521600000000,1,NULL,0,5);
INSERT INTO category VALUES('thehill','thehill',1795521600000000,1,NULL,0,2);
INSERT INTO category VALUES('world-news','World News',1795521600000000,1,NULL,0,4);
INSERT INTO category VALUES('city','city',1795521600000000,1,NULL,0,4);
INSERT INTO category VALUES('off','off',1795521600000000,1,NULL,0,1);
CREATE TABLE note (
	name VARCHAR(80) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_note PRIMARY KEY (name)
);
INSERT INTO note VALUES('style','d2af4ac9a833f332c445012215313ebc');
CREATE TABLE topic (
	path VARCHAR(100) NOT NULL, 
	digest BLOB NOT NULL, 
	due BIGINT, 
	failures INTEGER NOT NULL, 
	CONSTRAINT pk_topic PRIMARY KEY (path)
);
CREATE TABLE article (
	id VARCHAR(32) NOT NULL, 
	uid TEXT NOT NULL, 
	source_id INTEGER NOT NULL, 
	guid TEXT, 
	guid_key TEXT, 
	link TEXT NOT NULL, 
	link_key TEXT, 
	title TEXT NOT NULL, 
	html TEXT NOT NULL, 
	markdown TEXT NOT NULL, 
	summary TEXT NOT NULL, 
	language TEXT, 
	published BIGINT NOT NULL, 
	updated BIGINT NOT NULL, 
	edited BIGINT, 
	first_seen BIGINT NOT NULL, 
	position INTEGER NOT NULL, 
	authors JSON NOT NULL, 
	enclosures JSON NOT NULL, 
	image TEXT, 
	terms JSON NOT NULL, 
	flags JSON NOT NULL, 
	path TEXT NOT NULL, 
	text_digest BLOB NOT NULL, 
	title_digest BLOB NOT NULL, 
	signature BLOB NOT NULL, 
	words INTEGER NOT NULL, 
	story VARCHAR(32) NOT NULL, 
	pruned BOOLEAN NOT NULL, 
	pending BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_article PRIMARY KEY (id), 
	CONSTRAINT uq_article_uid UNIQUE (uid), 
	CONSTRAINT fk_article_source_id FOREIGN KEY(source_id) REFERENCES source (id), 
	CONSTRAINT uq_article_path UNIQUE (path)
);
INSERT INTO article VALUES('dc4137b9f19b1795d9cf3853e9428b27','urn:uuid:dc4137b9-f19b-1795-d9cf-3853e9428b27',2,'b-1','b-1','https://thehill.com/policy/energy-environment/5133463-zelensky-trump-rare-earth-minerals-deal-russia-putin/','https://thehill.com/policy/energy-environment/5133463-zelensky-trump-rare-earth-minerals-deal-russia-putin','Zelensky open to Trump rare earth minerals deal amid war with Russia: ''Let''s do a deal''','A short copy.','A short copy.','A short copy.','en',1738994400000000,1738994400000000,NULL,1795521600000000,0,'[]','[]',NULL,'[{"term": "World"}]','[]','second/2025/02/08-zelensky-open-to-trump-rare-earth-minerals-deal-amid-war-with-russia-lets-do-a.md',X'3107a188be4a85c1df14ba5d38387e34',X'ea7715576619aacd',X'14d1c5e3e4edf42bfaeca5ef72074871',3,'dc4137b9f19b1795d9cf3853e9428b27',0,0,1);
INSERT INTO article VALUES('b0bbfb6e275a9eb8914a020a4cfddd61','https://second.example/bridge',2,'https://second.example/bridge','https://second.example/bridge','https://second.example/bridge','https://second.example/bridge','Bridge closed for two years','<p>The city council voted on Tuesday night to close the old bridge over the river for at least two years, after engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new crossing is ready, and shopkeepers on both banks fear for their trade. The mayor promised help, and gave a figure.</p>','The city council voted on Tuesday night to close the old bridge over the river for at least two years, after engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new crossing is ready, and shopkeepers on both banks fear for their trade. The mayor promised help, and gave a figure.','The city council voted on Tuesday night to close the old bridge over the river for at least two years, after engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new crossing is ready, and shopkeepers on both banks...','en',1738922400000000,1795532400000000,1795532400000000,1795521600000000,1,'[{"name": "A. Writer"}]','[{"url": "https://second.example/bridge.mp3", "type": "audio/mpeg", "length": 123}]',NULL,'[{"term": "Traffic", "scheme": "https://second.example/topics"}]','[]','second/2025/02/07-bridge-closed-for-two-years.md',X'de42009cfe43985b23ffb3be80c2d064',X'da4cdd21d140f77e',X'a6c18aaa5f9845b86cb2158f1e70b17dc93aba4190d3bc61df86c5c84287b43a3029ee8d87557ba5bfa0d42c7007af316dc14d8f3f8760b3d8c8bbb43fce417ed47c5607826511457f0eec32c0fd97739e435b7f2b984923d5fb0b2d33b6e8d75e60f50b804a0fd30043f2964c6e769e1c579274b3447872d8fdbcf25ef7561d32d2a16a1ecec9708b862571fdc5246c2a17a6f4e8ad7c1628ba753286549e55c5d5d76ce8013f3a6cced120bccde6543592c53264c236d539dd0fc9f049d406f388703cbc6fedde810810416ce2802df847e0911f49788b408da776dc1d9ea19302e64203f330180dbff948adb6a3787691d61de16c2e9ea361079c72ab3ca1',62,'b0bbfb6e275a9eb8914a020a4cfddd61',0,0,3);
INSERT INTO article VALUES('5233b1c1f39193b1c40c1cfc54a96bbf','https://thehill.com/?p=5133463',1,'https://thehill.com/?p=5133463','https://thehill.com/?p=5133463','https://thehill.com/policy/energy-environment/5133463-zelensky-trump-rare-earth-minerals-deal-russia-putin/','https://thehill.com/policy/energy-environment/5133463-zelensky-trump-rare-earth-minerals-deal-russia-putin','Zelensky says he’s open to Trump’s rare earth request: ‘Let’s do a deal’',replace('<p>Ukrainian President Volodymyr Zelensky signaled a willingness on Friday to work with President Trump to supply the U.S. with rare earth elements in exchange for continued military aid in his war against Russia.</p>\n\n\n\n<p>In <a href="https://www.reuters.com/world/zelenskiy-says-lets-do-deal-offering-trump-mineral-partnership-seeking-security-2025-02-07/">an interview with Reuters</a>, Zelensky said: “If we are talking about a deal, then let’s do a deal, we are only for it.”</p>\n\n\n\n<p>He emphasized that Ukraine is not “giving away” its resources, but is offering the U.S. a partnership.</p>\n\n\n\n<p>“The Americans helped the most, and therefore the Americans should earn the most. And they should have this priority, and they will. I would also like to talk about this with President Trump,” he told Reuters.</p>\n\n\n\n<p>Zelensky also said that Ukraine and the U.S. are discussing using Ukraine’s underground storage for U.S.-produced gas.</p>\n\n\n\n<p>His comments come after Trump earlier this week said that the U.S. should be receiving “rare earth” elements from Ukraine in exchange for military assistance.</p>\n\n\n\n<p>“We’re looking to do a deal with Ukraine, where they’re going to secure what we’re giving them with their rare earth and other things,” <a href="https://thehill.com/policy/energy-environment/5124152-trump-rare-earth-elements-deal-ukraine-military-aid/">Trump told reporters Monday</a>.</p>\n\n\n\n<p>“I want to have security of rare earth,” he added.</p>\n\n\n\n<p>Rare earth elements are a group of materials that are deposited in relatively small quantities around the globe, making the economics of mining them complex. They are <a href="https://www.energy.gov/fecm/rare-earth-elements">used in magnets and batteries</a> which in turn are used in sectors including health care, power generation, transportation and consumer electronics.</p>\n\n\n\n<p>Zelensky’s openness to the deal is not necessarily a surprise, as Ukraine’s existing <a href="https://www.president.gov.ua/en/news/plan-peremogi-skladayetsya-z-pyati-punktiv-i-troh-tayemnih-d-93857">“Victory Plan,”</a> states that the country&nbsp;would work to supply its strategic partners with “natural resources and critical metals worth trillions of U.S. dollars” including uranium, titanium, lithium and graphite.</p>\n\n\n\n<p>These metals are not considered rare earths, and it’s not clear whether they, too, would be part of any deal between the two nations.</p>\n\n\n\n<p>Zelensky shared a map of Ukraine’s minerals with Reuters, and, according to the news outlet, about half of a strip of land containing rare earths appeared to be on Russia’s side of the current battle lines.</p>\n\n\n\n<p>The Ukrainian president also said he hopes to meet with Trump before the U.S. sits down with Russian President Vladimir Putin because “otherwise it will look like a dialogue about Ukraine without Ukraine.”</p>','\n',char(10)),replace('Ukrainian President Volodymyr Zelensky signaled a willingness on Friday to work with President Trump to supply the U.S. with rare earth elements in exchange for continued military aid in his war against Russia.\n\nIn [an interview with Reuters](https://www.reuters.com/world/zelenskiy-says-lets-do-deal-offering-trump-mineral-partnership-seeking-security-2025-02-07/), Zelensky said: “If we are talking about a deal, then let’s do a deal, we are only for it.”\n\nHe emphasized that Ukraine is not “giving away” its resources, but is offering the U.S. a partnership.\n\n“The Americans helped the most, and therefore the Americans should earn the most. And they should have this priority, and they will. I would also like to talk about this with President Trump,” he told Reuters.\n\nZelensky also said that Ukraine and the U.S. are discussing using Ukraine’s underground storage for U.S.-produced gas.\n\nHis comments come after Trump earlier this week said that the U.S. should be receiving “rare earth” elements from Ukraine in exchange for military assistance.\n\n“We’re looking to do a deal with Ukraine, where they’re going to secure what we’re giving them with their rare earth and other things,” [Trump told reporters Monday](https://thehill.com/policy/energy-environment/5124152-trump-rare-earth-elements-deal-ukraine-military-aid/).\n\n“I want to have security of rare earth,” he added.\n\nRare earth elements are a group of materials that are deposited in relatively small quantities around the globe, making the economics of mining them complex. They are [used in magnets and batteries](https://www.energy.gov/fecm/rare-earth-elements) which in turn are used in sectors including health care, power generation, transportation and consumer electronics.\n\nZelensky’s openness to the deal is not necessarily a surprise, as Ukraine’s existing [“Victory Plan,”](https://www.president.gov.ua/en/news/plan-peremogi-skladayetsya-z-pyati-punktiv-i-troh-tayemnih-d-93857) states that the country would work to supply its strategic partners with “natural resources and critical metals worth trillions of U.S. dollars” including uranium, titanium, lithium and graphite.\n\nThese metals are not considered rare earths, and it’s not clear whether they, too, would be part of any deal between the two nations.\n\nZelensky shared a map of Ukraine’s minerals with Reuters, and, according to the news outlet, about half of a strip of land containing rare earths appeared to be on Russia’s side of the current battle lines.\n\nThe Ukrainian president also said he hopes to meet with Trump before the U.S. sits down with Russian President Vladimir Putin because “otherwise it will look like a dialogue about Ukraine without Ukraine.”','\n',char(10)),'Ukrainian President Volodymyr Zelensky signaled a willingness on Friday to work with President Trump to supply the U.S. with rare earth elements in exchange for continued military aid in his war against Russia. In an interview with Reuters, Zelensky said: “If we are talking about a deal, then let’s do...','en',1738990261000000,1738990261000000,NULL,1795521600000000,0,'[{"name": "A Reporter"}]','[]',NULL,'[{"term": "Energy & Environment"}, {"term": "International"}]','[]','thehill/2025/02/08-zelensky-says-hes-open-to-trumps-rare-earth-request-lets-do-a-deal.md',X'47e739fb16c10b56fbb0dbc1b153939c',X'cbf75c9aa91577b3',X'3bf2ec89435b53aa97d59ac100fc0c45a126174da23438d916db027f24b651e889b96e1e2c229cfc1c96d32d53830c63ab0f2abe10dfc2a602e00b14d48b5a26c6cf587be0681008912293868aafb141cad60fffcc0abb5878e6fff2e01cb0de43cb74c8f338108d3a00cb50d1b71afaceba7983d182f307bc998379f871450f0d9450de6c784c6a86bcbc5d8862e130c52fce87d5883b0e92077b7b95ae99b67f439c6a1ce1d402edeef00abcb255f04ab8dfa41a00075ff257e0d9eb670dc67d60910edaa682e818714312c00c149ab28d409b2f9578eb296b271f5b48bfbbb79ecac11cbf6f093eda670e8abb2ac083dfeda4531420753ba7e830db74c64b',374,'5233b1c1f39193b1c40c1cfc54a96bbf',0,0,1);
INSERT INTO article VALUES('cf1a283084bb0c0043d79b7a00d0866c','tag:third.example,2025:1',3,'tag:third.example,2025:1','tag:third.example,2025:1','https://third.example/1','https://third.example/1','Bridge closed for two years','<p>The city council voted on Tuesday night to close the old bridge over the river for at least two years, after engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new crossing is ready, and shopkeepers on both banks fear for their trade. The mayor promised help, but gave no figure.</p>','The city council voted on Tuesday night to close the old bridge over the river for at least two years, after engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new crossing is ready, and shopkeepers on both banks fear for their trade. The mayor promised help, but gave no figure.','The city council voted on Tuesday night to close the old bridge over the river for at least two years, after engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new crossing is ready, and shopkeepers on both banks...','en',1738929600000000,1738929600000000,NULL,1795521600000000,0,'[]','[]',NULL,'[]','[]','third/2025/02/07-bridge-closed-for-two-years.md',X'a1f1f421711a0792404ab3a5c8b0806b',X'da4cdd21d140f77e',X'6a638aaa5f9845b86cb2158f1e70b17dc93aba4190d3bc61df86c5c84287b43a3029ee8d87557ba5bfa0d42c7007af316dc14d8f3f8760b3d8c837463fce417eb7dc5607826511457f0eec32c0fd97739e435b7f2b984923d5fb0b2d33b6e8d75e60f50b804a0fd396a9f2964c6e769e1c579274b3447872d8fdbcf25ef7561d32d2a16a1ecec9708b862571fdc5246c2a17a6f4e8ad7c1628ba753286549e55c5d5d76ce8013f3a6cced120bccde654d94c4d1b64c236d5d0260fc9f049d406f388703cbc6fedde810810416ce21b87f847e091810a8b82408da776dc1d9ea19302e64203f3fc050dbf5be1d7a9a3787691d61de16c2e9ea361079c72ab3ca1',62,'b0bbfb6e275a9eb8914a020a4cfddd61',0,0,1);
CREATE TABLE subscription (
	source_id INTEGER NOT NULL, 
	token VARCHAR(43) NOT NULL, 
	secret VARCHAR(43) NOT NULL, 
	hub TEXT NOT NULL, 
	topic TEXT NOT NULL, 
	callback TEXT, 
	due BIGINT NOT NULL, 
	failures INTEGER NOT NULL, 
	error TEXT, 
	CONSTRAINT pk_subscription PRIMARY KEY (source_id), 
	CONSTRAINT fk_subscription_source_id FOREIGN KEY(source_id) REFERENCES source (id), 
	CONSTRAINT uq_subscription_token UNIQUE (token)
);
CREATE TABLE article_source (
	article_id VARCHAR(32) NOT NULL, 
	source_id INTEGER NOT NULL, 
	link TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT pk_article_source PRIMARY KEY (article_id, source_id), 
	CONSTRAINT fk_article_source_article_id FOREIGN KEY(article_id) REFERENCES article (id), 
	CONSTRAINT fk_article_source_source_id FOREIGN KEY(source_id) REFERENCES source (id)
)
 WITHOUT ROWID

;
INSERT INTO article_source VALUES('5233b1c1f39193b1c40c1cfc54a96bbf',1,'https://thehill.com/policy/energy-environment/5133463-zelensky-trump-rare-earth-minerals-deal-russia-putin/',1795521600000000);
INSERT INTO article_source VALUES('b0bbfb6e275a9eb8914a020a4cfddd61',2,'https://second.example/bridge',1795521600000000);
INSERT INTO article_source VALUES('cf1a283084bb0c0043d79b7a00d0866c',3,'https://third.example/1',1795521600000000);
INSERT INTO article_source VALUES('dc4137b9f19b1795d9cf3853e9428b27',2,'https://thehill.com/policy/energy-environment/5133463-zelensky-trump-rare-earth-minerals-deal-russia-putin/',1795521600000000);
CREATE TABLE article_category (
	article_id VARCHAR(32) NOT NULL, 
	category VARCHAR(80) NOT NULL, 
	published BIGINT NOT NULL, 
	first_seen BIGINT NOT NULL, 
	position INTEGER NOT NULL, 
	hidden BOOLEAN NOT NULL, 
	CONSTRAINT pk_article_category PRIMARY KEY (article_id, category), 
	CONSTRAINT fk_article_category_article_id FOREIGN KEY(article_id) REFERENCES article (id), 
	CONSTRAINT fk_article_category_category FOREIGN KEY(category) REFERENCES category (name)
)
 WITHOUT ROWID

;
INSERT INTO article_category VALUES('5233b1c1f39193b1c40c1cfc54a96bbf','all',1738990261000000,1795521600000000,0,0);
INSERT INTO article_category VALUES('5233b1c1f39193b1c40c1cfc54a96bbf','thehill',1738990261000000,1795521600000000,0,0);
INSERT INTO article_category VALUES('b0bbfb6e275a9eb8914a020a4cfddd61','all',1738922400000000,1795521600000000,1,0);
INSERT INTO article_category VALUES('b0bbfb6e275a9eb8914a020a4cfddd61','city',1738922400000000,1795521600000000,1,0);
INSERT INTO article_category VALUES('b0bbfb6e275a9eb8914a020a4cfddd61','world-news',1738922400000000,1795521600000000,1,0);
INSERT INTO article_category VALUES('cf1a283084bb0c0043d79b7a00d0866c','all',1738929600000000,1795521600000000,0,1);
INSERT INTO article_category VALUES('cf1a283084bb0c0043d79b7a00d0866c','city',1738929600000000,1795521600000000,0,1);
INSERT INTO article_category VALUES('dc4137b9f19b1795d9cf3853e9428b27','all',1738994400000000,1795521600000000,0,0);
INSERT INTO article_category VALUES('dc4137b9f19b1795d9cf3853e9428b27','city',1738994400000000,1795521600000000,0,0);
INSERT INTO article_category VALUES('dc4137b9f19b1795d9cf3853e9428b27','world-news',1738994400000000,1795521600000000,0,0);
CREATE TABLE IF NOT EXISTS "key" (
	digest BLOB NOT NULL, 
	article_id VARCHAR(32) NOT NULL, 
	strong BOOLEAN NOT NULL, 
	CONSTRAINT pk_key PRIMARY KEY (digest, article_id), 
	CONSTRAINT fk_key_article_id FOREIGN KEY(article_id) REFERENCES article (id)
)
 WITHOUT ROWID

;
INSERT INTO "key" VALUES(X'01b16e28abaa2ef4a0ff3dd9ba53018e','5233b1c1f39193b1c40c1cfc54a96bbf',0);
INSERT INTO "key" VALUES(X'0dd0b606e40d50c4ea8fb7900b34a476','5233b1c1f39193b1c40c1cfc54a96bbf',0);
INSERT INTO "key" VALUES(X'11d3a434f3bf94006e0c454450821d75','cf1a283084bb0c0043d79b7a00d0866c',1);
INSERT INTO "key" VALUES(X'1241be89778443ed22ae0a8c2a105116','cf1a283084bb0c0043d79b7a00d0866c',0);
INSERT INTO "key" VALUES(X'21514d68f3892949290abb6d55f55fc1','b0bbfb6e275a9eb8914a020a4cfddd61',0);
INSERT INTO "key" VALUES(X'21514d68f3892949290abb6d55f55fc1','cf1a283084bb0c0043d79b7a00d0866c',0);
INSERT INTO "key" VALUES(X'2f94d7dbf1d6274b8e5ef5264ab0a947','b0bbfb6e275a9eb8914a020a4cfddd61',0);
INSERT INTO "key" VALUES(X'2f94d7dbf1d6274b8e5ef5264ab0a947','cf1a283084bb0c0043d79b7a00d0866c',0);
INSERT INTO "key" VALUES(X'4270d44dd31bdae142ca64eacf8dccd8','5233b1c1f39193b1c40c1cfc54a96bbf',0);
INSERT INTO "key" VALUES(X'50e4b7af4ecc8c23c83fda7012fb60ac','b0bbfb6e275a9eb8914a020a4cfddd61',1);
INSERT INTO "key" VALUES(X'768a5a4036782a170d661a885f1fd24c','cf1a283084bb0c0043d79b7a00d0866c',1);
INSERT INTO "key" VALUES(X'976d6137fd9273fa75450ca2b356e4ae','b0bbfb6e275a9eb8914a020a4cfddd61',0);
INSERT INTO "key" VALUES(X'9f0b86ee9f1eb6cbb83459edab4535b5','5233b1c1f39193b1c40c1cfc54a96bbf',0);
INSERT INTO "key" VALUES(X'a19691ac0c361c95a3112462dcc56608','dc4137b9f19b1795d9cf3853e9428b27',1);
INSERT INTO "key" VALUES(X'a419d69a110fabc108023e60815b4080','dc4137b9f19b1795d9cf3853e9428b27',0);
INSERT INTO "key" VALUES(X'b8b9740fa34e188b9ecf8c28b6fcd014','5233b1c1f39193b1c40c1cfc54a96bbf',1);
INSERT INTO "key" VALUES(X'b8be4f8382cbe1493e02fbad6ccaeec7','b0bbfb6e275a9eb8914a020a4cfddd61',0);
INSERT INTO "key" VALUES(X'b8be4f8382cbe1493e02fbad6ccaeec7','cf1a283084bb0c0043d79b7a00d0866c',0);
INSERT INTO "key" VALUES(X'c9efa131955aa383e718944d9f0ed52f','b0bbfb6e275a9eb8914a020a4cfddd61',0);
INSERT INTO "key" VALUES(X'd6ecd0da55dd4b8b15b4da547419c816','5233b1c1f39193b1c40c1cfc54a96bbf',0);
INSERT INTO "key" VALUES(X'd6ecd0da55dd4b8b15b4da547419c816','dc4137b9f19b1795d9cf3853e9428b27',1);
INSERT INTO "key" VALUES(X'e838595bbe40f1931a8c59d37d15f583','5233b1c1f39193b1c40c1cfc54a96bbf',0);
INSERT INTO "key" VALUES(X'f1f043de0ee97db94b869fb10c94d12d','b0bbfb6e275a9eb8914a020a4cfddd61',1);
INSERT INTO "key" VALUES(X'f85f8f3ea74ae803bb84c3ae45c6071d','b0bbfb6e275a9eb8914a020a4cfddd61',0);
INSERT INTO "key" VALUES(X'f85f8f3ea74ae803bb84c3ae45c6071d','cf1a283084bb0c0043d79b7a00d0866c',0);
CREATE TABLE revision (
	id INTEGER NOT NULL, 
	article_id VARCHAR(32) NOT NULL, 
	at BIGINT NOT NULL, 
	title TEXT NOT NULL, 
	html TEXT NOT NULL, 
	summary TEXT NOT NULL, 
	CONSTRAINT pk_revision PRIMARY KEY (id), 
	CONSTRAINT fk_revision_article_id FOREIGN KEY(article_id) REFERENCES article (id)
);
INSERT INTO revision VALUES(1,'b0bbfb6e275a9eb8914a020a4cfddd61',1795532400000000,'Bridge closed for two years','<p>The city council voted on Tuesday night to close the old bridge over the river for at least two years, after engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new crossing is ready, and shopkeepers on both banks fear for their trade. The mayor promised help, but gave no figure.</p>','The city council voted on Tuesday night to close the old bridge over the river for at least two years, after engineers had found cracks in three of its seven piers. Traffic will be led over the northern ring until a new crossing is ready, and shopkeepers on both banks...');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES('0002');
CREATE INDEX ix_source_moved_to ON source (moved_to);
CREATE INDEX ix_source_host ON source (host);
CREATE INDEX ix_source_due ON source (next_fetch) WHERE present IS 1 AND enabled IS 1 AND paused IS NULL;
CREATE INDEX ix_source_leased ON source (host) WHERE lease_until IS NOT NULL;
CREATE INDEX ix_source_url ON source (url);
CREATE INDEX ix_category_pending ON category (name) WHERE pending IS 1;
CREATE INDEX ix_topic_due ON topic (due) WHERE due IS NOT NULL;
CREATE INDEX ix_article_pending ON article (id) WHERE pending IS 1;
CREATE INDEX ix_article_story ON article (story);
CREATE INDEX ix_subscription_due ON subscription (due);
CREATE INDEX ix_article_source_source_id ON article_source (source_id);
CREATE INDEX ix_article_category_newest ON article_category (category, published DESC, first_seen DESC, position, article_id) WHERE hidden IS 0;
CREATE UNIQUE INDEX uq_key_strong ON "key" (digest) WHERE strong IS 1;
CREATE INDEX ix_revision_article_id ON revision (article_id);
COMMIT;
