BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0003');
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
	flags JSON NOT NULL, 
	path TEXT NOT NULL, 
	text_digest BLOB NOT NULL, 
	title_digest BLOB NOT NULL, 
	signature BLOB NOT NULL, 
	words INTEGER NOT NULL, 
	cluster VARCHAR(32) NOT NULL, 
	pruned BOOLEAN NOT NULL, 
	pending BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_article PRIMARY KEY (id), 
	CONSTRAINT uq_article_uid UNIQUE (uid), 
	CONSTRAINT fk_article_source_id FOREIGN KEY(source_id) REFERENCES source (id), 
	CONSTRAINT uq_article_path UNIQUE (path)
);
INSERT INTO "article" VALUES('1f3d1dc46879105bd72f0350a79bb82a','https://source.example/?p=1',1,'https://source.example/?p=1','https://source.example/?p=1','https://source.example/stories/1','https://source.example/stories/1','Story number 1','word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 word1x7 word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23 word1x24 word1x25 word1x26 word1x27 word1x28 word1x29 word1x30 word1x31 word1x32 word1x33 word1x34 word1x35 word1x36 word1x37 word1x38 word1x39 word1x40 word1x41 word1x42 word1x43 word1x44 word1x45 word1x46 word1x47 word1x48 word1x49 word1x50 word1x51 word1x52 word1x53 word1x54 word1x55 word1x56 word1x57 word1x58 word1x59 word1x60 word1x61 word1x62 word1x63 word1x64 word1x65 word1x66 word1x67 word1x68 word1x69 word1x70 word1x71 word1x72 word1x73 word1x74 word1x75 word1x76 word1x77 word1x78 word1x79 word1x80 word1x81 word1x82 word1x83 word1x84 word1x85 word1x86 word1x87 word1x88 word1x89 word1x90 word1x91 word1x92 word1x93 word1x94 word1x95 word1x96 word1x0 word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 word1x7 word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23','word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 word1x7 word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23 word1x24 word1x25 word1x26 word1x27 word1x28 word1x29 word1x30 word1x31 word1x32 word1x33 word1x34 word1x35 word1x36 word1x37 word1x38 word1x39 word1x40 word1x41 word1x42 word1x43 word1x44 word1x45 word1x46 word1x47 word1x48 word1x49 word1x50 word1x51 word1x52 word1x53 word1x54 word1x55 word1x56 word1x57 word1x58 word1x59 word1x60 word1x61 word1x62 word1x63 word1x64 word1x65 word1x66 word1x67 word1x68 word1x69 word1x70 word1x71 word1x72 word1x73 word1x74 word1x75 word1x76 word1x77 word1x78 word1x79 word1x80 word1x81 word1x82 word1x83 word1x84 word1x85 word1x86 word1x87 word1x88 word1x89 word1x90 word1x91 word1x92 word1x93 word1x94 word1x95 word1x96 word1x0 word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 word1x7 word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23','word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 word1x7 word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23 word1x24 word1x25 word1x26 word1x27 word1x28 word1x29 word1x30 word1x31 word1x32 word1x33 word1x34 word1x35 word1x36 word1x37 word1x38 word1x39 word1x40 word1x41 word1x42 word1x43 word1x44 word1x45 word1x46 word1x47 word1x48 word1x49 word1x50...','en',1795482000000000,1795482000000000,NULL,1795915916000000,0,'[]','[]',NULL,'[]','first/2026/11/24-story-number-1.md',X'5A9B0165500F7A526F8B1F4DACFE6FA3',X'F14D347D398E63F1',X'58C44A85D591A9BC5AEBBC58A65515E014E3B55534DB1F44836CC948E7908BA43E3D05E0CA430EB9F7BAE7F2D285CD2F80AF5700FE859EC24677ADB7EE823271F185CD8ED4A39011326E0338835C53CFA0F284816FF13CCA837F5663000DBCB8622F428B4E2CEF9EE3E7C2EC5C017E80ECE7F0FE7B1D25BCF1709E83A0E529E9ECBC2824646C3769AA70AD129C7B90323B01083EE8CED371D521150525EA4154B5A093EC5020B41D00184892C8F215DC90340E2FF551903396770A519BE1587649269164A3C5F860AFEF7FDA5E9B470A019FC9445841FC71DDF37233210F9FDC4BE4B0B53E6BB34BD8805817CF0DACB67512C3A589F9FFEDF98F1F1A7250433B',120,'1f3d1dc46879105bd72f0350a79bb82a',0,0,1);
INSERT INTO "article" VALUES('000e708df666ae1468570a8eb9d2fdec','https://source.example/?p=2',1,'https://source.example/?p=2','https://source.example/?p=2','https://source.example/stories/2','https://source.example/stories/2','Story number 2','word2x2 word2x4 word2x6 word2x8 word2x10 word2x12 word2x14 word2x16 word2x18 word2x20 word2x22 word2x24 word2x26 word2x28 word2x30 word2x32 word2x34 word2x36 word2x38 word2x40 word2x42 word2x44 word2x46 word2x48 word2x50 word2x52 word2x54 word2x56 word2x58 word2x60 word2x62 word2x64 word2x66 word2x68 word2x70 word2x72 word2x74 word2x76 word2x78 word2x80 word2x82 word2x84 word2x86 word2x88 word2x90 word2x92 word2x94 word2x96 word2x1 word2x3 word2x5 word2x7 word2x9 word2x11 word2x13 word2x15 word2x17 word2x19 word2x21 word2x23 and more','word2x2 word2x4 word2x6 word2x8 word2x10 word2x12 word2x14 word2x16 word2x18 word2x20 word2x22 word2x24 word2x26 word2x28 word2x30 word2x32 word2x34 word2x36 word2x38 word2x40 word2x42 word2x44 word2x46 word2x48 word2x50 word2x52 word2x54 word2x56 word2x58 word2x60 word2x62 word2x64 word2x66 word2x68 word2x70 word2x72 word2x74 word2x76 word2x78 word2x80 word2x82 word2x84 word2x86 word2x88 word2x90 word2x92 word2x94 word2x96 word2x1 word2x3 word2x5 word2x7 word2x9 word2x11 word2x13 word2x15 word2x17 word2x19 word2x21 word2x23 and more','word2x2 word2x4 word2x6 word2x8 word2x10 word2x12 word2x14 word2x16 word2x18 word2x20 word2x22 word2x24 word2x26 word2x28 word2x30 word2x32 word2x34 word2x36 word2x38 word2x40 word2x42 word2x44 word2x46 word2x48 word2x50 word2x52 word2x54 word2x56 word2x58 word2x60 word2x62 word2x64 word2x66 word2x68 word2x70 word2x72 word2x74 word2x76 word2x78 word2x80 word2x82 word2x84 word2x86 word2x88 word2x90 word2x92 word2x94 word2x96 word2x1 word2x3...','en',1795485600000000,1795915931000000,1795915931000000,1795915916000000,1,'[]','[]',NULL,'[]','first/2026/11/24-story-number-2.md',X'CFBBA475751226B350C66DD58550320D',X'C8A1BA1E82A26413',X'3A3E662A600020710D6B981D92A4EF280724E0B2F91968741CC1D35D3C33842EFCF0111977796551CE047F8E5F50726694F887A7644D4C7F84EDFE5AA5FA5365FAE8557579048A72EF943AA8FFCA45DF224D7E891212C0B6E868191008F84DB940739C72AF27B01551DD54651E3EB6EF268767D0FF46EF02098EFF887689E6D7D42C65DE064BE9480D28607FDB86E04C3F5893F06519BDC71C332B58AA3079A806DF4969222E5B20482F40937C30E19C4171B8BD2256095F2A5E79B67CDAFFAE16E47A1248D4C0D36C429788F53133382006AB6BB60C5B4AFC2AB3C4A94045DDACF4942DACBD6F85306332386A6690EA4812FFAE869847B7DA9E27B3342E9585',62,'000e708df666ae1468570a8eb9d2fdec',0,0,3);
INSERT INTO "article" VALUES('16bf74e75df44a962e8a9b6feca914dd','urn:uuid:16bf74e7-5df4-4a96-2e8a-9b6feca914dd',1,'a5','a5','https://shared.example/story','https://shared.example/story','A shared story','word5x5 word5x10 word5x15 word5x20 word5x25 word5x30 word5x35 word5x40 word5x45 word5x50 word5x55 word5x60 word5x65 word5x70 word5x75 word5x80 word5x85 word5x90 word5x95 word5x3 word5x8 word5x13 word5x18 word5x23 word5x28 word5x33 word5x38 word5x43 word5x48 word5x53 word5x58 word5x63 word5x68 word5x73 word5x78 word5x83 word5x88 word5x93 word5x1 word5x6 word5x11 word5x16 word5x21 word5x26 word5x31 word5x36 word5x41 word5x46 word5x51 word5x56 word5x61 word5x66 word5x71 word5x76 word5x81 word5x86 word5x91 word5x96 word5x4 word5x9 word5x14 word5x19 word5x24 word5x29 word5x34 word5x39 word5x44 word5x49 word5x54 word5x59 word5x64 word5x69 word5x74 word5x79 word5x84 word5x89 word5x94 word5x2 word5x7 word5x12','word5x5 word5x10 word5x15 word5x20 word5x25 word5x30 word5x35 word5x40 word5x45 word5x50 word5x55 word5x60 word5x65 word5x70 word5x75 word5x80 word5x85 word5x90 word5x95 word5x3 word5x8 word5x13 word5x18 word5x23 word5x28 word5x33 word5x38 word5x43 word5x48 word5x53 word5x58 word5x63 word5x68 word5x73 word5x78 word5x83 word5x88 word5x93 word5x1 word5x6 word5x11 word5x16 word5x21 word5x26 word5x31 word5x36 word5x41 word5x46 word5x51 word5x56 word5x61 word5x66 word5x71 word5x76 word5x81 word5x86 word5x91 word5x96 word5x4 word5x9 word5x14 word5x19 word5x24 word5x29 word5x34 word5x39 word5x44 word5x49 word5x54 word5x59 word5x64 word5x69 word5x74 word5x79 word5x84 word5x89 word5x94 word5x2 word5x7 word5x12','word5x5 word5x10 word5x15 word5x20 word5x25 word5x30 word5x35 word5x40 word5x45 word5x50 word5x55 word5x60 word5x65 word5x70 word5x75 word5x80 word5x85 word5x90 word5x95 word5x3 word5x8 word5x13 word5x18 word5x23 word5x28 word5x33 word5x38 word5x43 word5x48 word5x53 word5x58 word5x63 word5x68 word5x73 word5x78 word5x83 word5x88 word5x93 word5x1 word5x6 word5x11 word5x16 word5x21 word5x26 word5x31 word5x36 word5x41 word5x46 word5x51 word5x56...','en',1795496400000000,1795496400000000,NULL,1795915916000000,2,'[]','[]',NULL,'[]','first/2026/11/24-a-shared-story.md',X'49E336BAFFDEBC0F876EE4C2FD6DE6D6',X'2F55AFE804B22BDC',X'747EC6F36B8D0C467C19531A059327E4B7B09B2989F848CB62345CB336873C244B3836F9B7318AF1448EFBD30D8D3CB99D12440DAB09DADD93B917C27AADB378A940EB6D828FA301E442B5E5CFC302ED34055F74AB961F6F5ACD7B363D2FE145F2E60B589C7A376B50E12E5879218F2C4FFA34C2BFCE95337BA79D933FBF4C872BD8147B8BC6738A8EEF045A5E660E9900E0DF4C1D28DA28D5473CDEC352C752FC2704BE23EF4FA8C2F078012DF796B8B9C269473C81B5340567543F1053DBDE7520905B9716348E5FF73D40DE0DC60E7FA7230C0F558988F86D2DD75C1BF5E2E7EA9E89BE3C93F5C149C991B10781359C20FCB6C0CF420F47007BF6D472B879',80,'16bf74e75df44a962e8a9b6feca914dd',0,0,2);
INSERT INTO "article" VALUES('87ec4d7bcf8c0a21223b8da7790880b9','https://b.example/3',2,'https://b.example/3','https://b.example/3','https://b.example/3','https://b.example/3','The same story','word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 other word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23 word1x24 word1x25 word1x26 word1x27 word1x28 word1x29 word1x30 word1x31 word1x32 word1x33 word1x34 word1x35 word1x36 word1x37 word1x38 word1x39 word1x40 word1x41 word1x42 word1x43 word1x44 word1x45 word1x46 word1x47 word1x48 word1x49 word1x50 word1x51 word1x52 word1x53 word1x54 word1x55 word1x56 word1x57 word1x58 word1x59 word1x60 word1x61 word1x62 word1x63 word1x64 word1x65 word1x66 word1x67 word1x68 word1x69 word1x70 word1x71 word1x72 word1x73 word1x74 word1x75 word1x76 word1x77 word1x78 word1x79 word1x80 word1x81 word1x82 word1x83 word1x84 word1x85 word1x86 word1x87 word1x88 word1x89 word1x90 word1x91 word1x92 word1x93 word1x94 word1x95 word1x96 word1x0 word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 other word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23','word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 other word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23 word1x24 word1x25 word1x26 word1x27 word1x28 word1x29 word1x30 word1x31 word1x32 word1x33 word1x34 word1x35 word1x36 word1x37 word1x38 word1x39 word1x40 word1x41 word1x42 word1x43 word1x44 word1x45 word1x46 word1x47 word1x48 word1x49 word1x50 word1x51 word1x52 word1x53 word1x54 word1x55 word1x56 word1x57 word1x58 word1x59 word1x60 word1x61 word1x62 word1x63 word1x64 word1x65 word1x66 word1x67 word1x68 word1x69 word1x70 word1x71 word1x72 word1x73 word1x74 word1x75 word1x76 word1x77 word1x78 word1x79 word1x80 word1x81 word1x82 word1x83 word1x84 word1x85 word1x86 word1x87 word1x88 word1x89 word1x90 word1x91 word1x92 word1x93 word1x94 word1x95 word1x96 word1x0 word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 other word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23','word1x1 word1x2 word1x3 word1x4 word1x5 word1x6 other word1x8 word1x9 word1x10 word1x11 word1x12 word1x13 word1x14 word1x15 word1x16 word1x17 word1x18 word1x19 word1x20 word1x21 word1x22 word1x23 word1x24 word1x25 word1x26 word1x27 word1x28 word1x29 word1x30 word1x31 word1x32 word1x33 word1x34 word1x35 word1x36 word1x37 word1x38 word1x39 word1x40 word1x41 word1x42 word1x43 word1x44 word1x45 word1x46 word1x47 word1x48 word1x49 word1x50...',NULL,1795489200000000,1795489200000000,NULL,1795915920000000,0,'[]','[]',NULL,'[]','second/2026/11/24-the-same-story.md',X'61C1B6F5E11814ABF03DA515887C42C8',X'B943C9107A2AFD95',X'58C44A85D591A9BC5AEBBC58A65515E014E3B55534DB1F44836CC948E7908BA43E3D05E0CA430EB9F7BAE7F27321CD2F80AF5700FE859EC24677ADB7EE823271F185CD8ED4A39011326E0338835C53CFA0F284816FF13CCA837F5663000DBCB8622F428B4E2C0543E3E7C2EC5C017E80ECE7F0FE7B1D25BCF1709E83A0E529E990592824646C3769AA70AD129C7B90323B01083EE8CED371D521150525EA41548B5193EC5020B41D00184892C8F2912B90340E2FF551903396770A519BE1587649269164A3C5F860AFEF7FDA4601470A019FC9445841FC71DDF37233210F9FDC4BE4B0B53E6BB34BD8805817CF0DACB67512C3A589F9FFEDF98F1F1AF5EE433B',120,'1f3d1dc46879105bd72f0350a79bb82a',0,0,1);
INSERT INTO "article" VALUES('8df78f71859ce10b7d0fbb67d828f184','urn:uuid:8df78f71-859c-e10b-7d0f-bb67d828f184',2,'b4','b4','https://b.example/4','https://b.example/4','Another','<p>word4x4 word4x8 word4x12 word4x16 word4x20 word4x24 word4x28 word4x32 word4x36 word4x40 word4x44 word4x48 word4x52 word4x56 word4x60 word4x64 word4x68 word4x72 word4x76 word4x80 word4x84 word4x88 word4x92 word4x96 word4x3 word4x7 word4x11 word4x15 word4x19 word4x23 word4x27 word4x31 word4x35 word4x39 word4x43 word4x47 word4x51 word4x55 word4x59 word4x63 word4x67 word4x71 word4x75 word4x79 word4x83 word4x87 word4x91 word4x95 word4x2 word4x6 word4x10 word4x14 word4x18 word4x22 word4x26 word4x30 word4x34 word4x38 word4x42 word4x46</p>','word4x4 word4x8 word4x12 word4x16 word4x20 word4x24 word4x28 word4x32 word4x36 word4x40 word4x44 word4x48 word4x52 word4x56 word4x60 word4x64 word4x68 word4x72 word4x76 word4x80 word4x84 word4x88 word4x92 word4x96 word4x3 word4x7 word4x11 word4x15 word4x19 word4x23 word4x27 word4x31 word4x35 word4x39 word4x43 word4x47 word4x51 word4x55 word4x59 word4x63 word4x67 word4x71 word4x75 word4x79 word4x83 word4x87 word4x91 word4x95 word4x2 word4x6 word4x10 word4x14 word4x18 word4x22 word4x26 word4x30 word4x34 word4x38 word4x42 word4x46','word4x4 word4x8 word4x12 word4x16 word4x20 word4x24 word4x28 word4x32 word4x36 word4x40 word4x44 word4x48 word4x52 word4x56 word4x60 word4x64 word4x68 word4x72 word4x76 word4x80 word4x84 word4x88 word4x92 word4x96 word4x3 word4x7 word4x11 word4x15 word4x19 word4x23 word4x27 word4x31 word4x35 word4x39 word4x43 word4x47 word4x51 word4x55 word4x59 word4x63 word4x67 word4x71 word4x75 word4x79 word4x83 word4x87 word4x91 word4x95 word4x2 word4x6...',NULL,1795492800000000,1795492800000000,NULL,1795915920000000,1,'[]','[]',NULL,'[]','second/2026/11/24-another.md',X'588A6D2A671EF7F19B46FB8209852B9D',X'7F0CCFDAF44F4079',X'809E3438DDAFFC4C1DBC1C3662AE22AFE26701F31DE590A88AAE4496C61D837DEB5712FA8DA8ACEE14825187CD0442003ADB575A94C415CB579C25AD6E5C1FA9E6D9AABB92E7D6333FAD1AB18EF83E90C64BF332756F787EA4CCB60C7C0E7DE9C56A41FD389D9135F2D31D0BD1AF28CAFB32F5F0F3EB899F37F608E705F2DF793B5AF09AC10B70F21FAB687DD4D83BE7377A9A8D6DE7AC7F9581E1E9C7177E7A8696BFAEC119C93A0883DEE17F15848DC7F1A02AB095C3B2D0293309149155AB694BA4E61FB0EA0A64E063C0DE8188F16DB6449637D6DBBAA88078E54FBBBB849223B5A64688B0B613E6A45AE97646D267A3EACF5544B65CE5C80DC3E40B2E07',60,'8df78f71859ce10b7d0fbb67d828f184',0,0,1);
INSERT INTO "article" VALUES('748fcfd5a80809f7b6acc922493a3a9c','urn:uuid:748fcfd5-a808-09f7-b6ac-c922493a3a9c',3,'c6','c6','https://c.example/6','https://c.example/6','Story number 6','<p>word6x6 word6x12 word6x18 word6x24 word6x30 word6x36 word6x42 word6x48 word6x54 word6x60 word6x66 word6x72 word6x78 word6x84 word6x90 word6x96 word6x5 word6x11 word6x17 word6x23 word6x29 word6x35 word6x41 word6x47 word6x53 word6x59 word6x65 word6x71 word6x77 word6x83 word6x89 word6x95 word6x4 word6x10 word6x16 word6x22 word6x28 word6x34 word6x40 word6x46 word6x52 word6x58 word6x64 word6x70 word6x76 word6x82 word6x88 word6x94 word6x3 word6x9 word6x15 word6x21 word6x27 word6x33 word6x39 word6x45 word6x51 word6x57 word6x63 word6x69</p>','word6x6 word6x12 word6x18 word6x24 word6x30 word6x36 word6x42 word6x48 word6x54 word6x60 word6x66 word6x72 word6x78 word6x84 word6x90 word6x96 word6x5 word6x11 word6x17 word6x23 word6x29 word6x35 word6x41 word6x47 word6x53 word6x59 word6x65 word6x71 word6x77 word6x83 word6x89 word6x95 word6x4 word6x10 word6x16 word6x22 word6x28 word6x34 word6x40 word6x46 word6x52 word6x58 word6x64 word6x70 word6x76 word6x82 word6x88 word6x94 word6x3 word6x9 word6x15 word6x21 word6x27 word6x33 word6x39 word6x45 word6x51 word6x57 word6x63 word6x69','word6x6 word6x12 word6x18 word6x24 word6x30 word6x36 word6x42 word6x48 word6x54 word6x60 word6x66 word6x72 word6x78 word6x84 word6x90 word6x96 word6x5 word6x11 word6x17 word6x23 word6x29 word6x35 word6x41 word6x47 word6x53 word6x59 word6x65 word6x71 word6x77 word6x83 word6x89 word6x95 word6x4 word6x10 word6x16 word6x22 word6x28 word6x34 word6x40 word6x46 word6x52 word6x58 word6x64 word6x70 word6x76 word6x82 word6x88 word6x94 word6x3 word6x9...','pt',1795500000000000,1795500000000000,NULL,1795915925000000,0,'[]','[]',NULL,'[]','third/2026/11/24-story-number-6.md',X'BA49456AF57C10A896C09366707B82C1',X'3D3D09348D9D0A91',X'EC1A201FA2177AE448FA88200DC1A89818C284190EEC79D66552EAE965B08CF65D1F632FAC1BA2B3AB7F94A3F43CD30598842D23E9B177C28658B4411FEF9D30149037A861A7CAAFFF44040541D49B2EB0E307668429C74C97B13A8FEB2BBE413CA486CF8AD309E5E0C3FF2C20DA92D561976CA1A3A68E18E3293E9B856D964CA796591377B1AEE1434D76A492FF53F2288D8D120D24CAB4A83A939419EDD89F9901E4ABAD17EF13D7C8A4236BBAF16C0B91C04756C4ADEABFAEF383CB00CCD0CB75358A8739C3D47D83EC162E9BC8A0E42B44B6AC2E3EB84A4BA43D0EC54E80311AF08EC60DDD57E6DD4FA78747F5257E3FADBDD8D6C23E52116624DAB243DB',60,'748fcfd5a80809f7b6acc922493a3a9c',0,0,1);
INSERT INTO "article" VALUES('1e66d34fca09b3117715d8b2a7c0ba22','urn:uuid:1e66d34f-ca09-b311-7715-d8b2a7c0ba22',3,NULL,NULL,'https://source.example/',NULL,'Story number 7','<p>word7x7 word7x14 word7x21 word7x28 word7x35 word7x42 word7x49 word7x56 word7x63 word7x70 word7x77 word7x84 word7x91 word7x1 word7x8 word7x15 word7x22 word7x29 word7x36 word7x43 word7x50 word7x57 word7x64 word7x71 word7x78 word7x85 word7x92 word7x2 word7x9 word7x16 word7x23 word7x30 word7x37 word7x44 word7x51 word7x58 word7x65 word7x72 word7x79 word7x86 word7x93 word7x3 word7x10 word7x17 word7x24 word7x31 word7x38 word7x45 word7x52 word7x59 word7x66 word7x73 word7x80 word7x87 word7x94 word7x4 word7x11 word7x18 word7x25 word7x32</p>','word7x7 word7x14 word7x21 word7x28 word7x35 word7x42 word7x49 word7x56 word7x63 word7x70 word7x77 word7x84 word7x91 word7x1 word7x8 word7x15 word7x22 word7x29 word7x36 word7x43 word7x50 word7x57 word7x64 word7x71 word7x78 word7x85 word7x92 word7x2 word7x9 word7x16 word7x23 word7x30 word7x37 word7x44 word7x51 word7x58 word7x65 word7x72 word7x79 word7x86 word7x93 word7x3 word7x10 word7x17 word7x24 word7x31 word7x38 word7x45 word7x52 word7x59 word7x66 word7x73 word7x80 word7x87 word7x94 word7x4 word7x11 word7x18 word7x25 word7x32','word7x7 word7x14 word7x21 word7x28 word7x35 word7x42 word7x49 word7x56 word7x63 word7x70 word7x77 word7x84 word7x91 word7x1 word7x8 word7x15 word7x22 word7x29 word7x36 word7x43 word7x50 word7x57 word7x64 word7x71 word7x78 word7x85 word7x92 word7x2 word7x9 word7x16 word7x23 word7x30 word7x37 word7x44 word7x51 word7x58 word7x65 word7x72 word7x79 word7x86 word7x93 word7x3 word7x10 word7x17 word7x24 word7x31 word7x38 word7x45 word7x52 word7x59...',NULL,1795915925000000,1795915925000000,NULL,1795915925000000,1,'[]','[]',NULL,'["undated"]','third/2026/11/29-story-number-7.md',X'C0B74374CCB6E45D77040004CBADC945',X'17E20E4697ECB8F5',X'2CDF7B08CB59ED371E0E0275554B5F1B26809FEBEDC3D113C68F02639EB87DB39B974391D7C06EE4A00E9D4FDB8AF0EB45719073AC9557DFD3F44C498D33019B5276E0BF1B2F5E8FDCB79C6B782A09D961D68ED834455832F846EDB78B1D912FA7C7D7F8F68183F763416710EB42068A2DB251F0128B18126B0414F2298106E7F98FB5FAA3F4321E96A031145812825887A2045F8C2735FD45FC8E0111FF4A6C66B2528101D5CCEB033FD96D03B691BEEECB33256BC573CA6460073655D57165EE8DF0D7733C53188D9CE51944C089F99102FD4E5A6194A38EA9538689C0F593366C231CA832630D0B4A4639A41005AD85A3B3EFD37D9411B38117CA0D5028AF',60,'1e66d34fca09b3117715d8b2a7c0ba22',0,0,1);
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
INSERT INTO "article_category" VALUES('000e708df666ae1468570a8eb9d2fdec','all',1795485600000000,1795915916000000,1,0);
INSERT INTO "article_category" VALUES('000e708df666ae1468570a8eb9d2fdec','first',1795485600000000,1795915916000000,1,0);
INSERT INTO "article_category" VALUES('16bf74e75df44a962e8a9b6feca914dd','all',1795496400000000,1795915916000000,2,0);
INSERT INTO "article_category" VALUES('16bf74e75df44a962e8a9b6feca914dd','city',1795496400000000,1795915916000000,2,0);
INSERT INTO "article_category" VALUES('16bf74e75df44a962e8a9b6feca914dd','first',1795496400000000,1795915916000000,2,0);
INSERT INTO "article_category" VALUES('16bf74e75df44a962e8a9b6feca914dd','world-news',1795496400000000,1795915916000000,2,0);
INSERT INTO "article_category" VALUES('1e66d34fca09b3117715d8b2a7c0ba22','all',1795915925000000,1795915925000000,1,0);
INSERT INTO "article_category" VALUES('1e66d34fca09b3117715d8b2a7c0ba22','city',1795915925000000,1795915925000000,1,0);
INSERT INTO "article_category" VALUES('1f3d1dc46879105bd72f0350a79bb82a','all',1795482000000000,1795915916000000,0,0);
INSERT INTO "article_category" VALUES('1f3d1dc46879105bd72f0350a79bb82a','first',1795482000000000,1795915916000000,0,0);
INSERT INTO "article_category" VALUES('748fcfd5a80809f7b6acc922493a3a9c','all',1795500000000000,1795915925000000,0,0);
INSERT INTO "article_category" VALUES('748fcfd5a80809f7b6acc922493a3a9c','city',1795500000000000,1795915925000000,0,0);
INSERT INTO "article_category" VALUES('87ec4d7bcf8c0a21223b8da7790880b9','all',1795489200000000,1795915920000000,0,1);
INSERT INTO "article_category" VALUES('87ec4d7bcf8c0a21223b8da7790880b9','city',1795489200000000,1795915920000000,0,0);
INSERT INTO "article_category" VALUES('87ec4d7bcf8c0a21223b8da7790880b9','world-news',1795489200000000,1795915920000000,0,0);
INSERT INTO "article_category" VALUES('8df78f71859ce10b7d0fbb67d828f184','all',1795492800000000,1795915920000000,1,0);
INSERT INTO "article_category" VALUES('8df78f71859ce10b7d0fbb67d828f184','city',1795492800000000,1795915920000000,1,0);
INSERT INTO "article_category" VALUES('8df78f71859ce10b7d0fbb67d828f184','world-news',1795492800000000,1795915920000000,1,0);
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
INSERT INTO "article_source" VALUES('000e708df666ae1468570a8eb9d2fdec',1,'https://source.example/stories/2',1795915916000000);
INSERT INTO "article_source" VALUES('16bf74e75df44a962e8a9b6feca914dd',1,'https://shared.example/story',1795915916000000);
INSERT INTO "article_source" VALUES('16bf74e75df44a962e8a9b6feca914dd',2,'https://shared.example/story',1795915920000000);
INSERT INTO "article_source" VALUES('1e66d34fca09b3117715d8b2a7c0ba22',3,'https://source.example/',1795915925000000);
INSERT INTO "article_source" VALUES('1f3d1dc46879105bd72f0350a79bb82a',1,'https://source.example/stories/1',1795915916000000);
INSERT INTO "article_source" VALUES('748fcfd5a80809f7b6acc922493a3a9c',3,'https://c.example/6',1795915925000000);
INSERT INTO "article_source" VALUES('87ec4d7bcf8c0a21223b8da7790880b9',2,'https://b.example/3',1795915920000000);
INSERT INTO "article_source" VALUES('8df78f71859ce10b7d0fbb67d828f184',2,'https://b.example/4',1795915920000000);
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
INSERT INTO "category" VALUES('all','all',1795915915000000,1,NULL,0,5);
INSERT INTO "category" VALUES('first','first',1795915915000000,1,NULL,0,4);
INSERT INTO "category" VALUES('world-news','World News',1795915915000000,1,NULL,0,2);
INSERT INTO "category" VALUES('city','city',1795915915000000,1,NULL,0,3);
CREATE TABLE host (
	name TEXT NOT NULL, 
	not_before BIGINT, 
	refusals INTEGER NOT NULL, 
	forbidden INTEGER NOT NULL, 
	CONSTRAINT pk_host PRIMARY KEY (name)
);
CREATE TABLE "key" (
	digest BLOB NOT NULL, 
	article_id VARCHAR(32) NOT NULL, 
	strong BOOLEAN NOT NULL, 
	CONSTRAINT pk_key PRIMARY KEY (digest, article_id), 
	CONSTRAINT fk_key_article_id FOREIGN KEY(article_id) REFERENCES article (id)
)
 WITHOUT ROWID

;
INSERT INTO "key" VALUES(X'004710B4E3B0C93713AC7ADCE46FF4B4','1f3d1dc46879105bd72f0350a79bb82a',1);
INSERT INTO "key" VALUES(X'007C7B6A7EFC43F661D49E362C843BA8','748fcfd5a80809f7b6acc922493a3a9c',0);
INSERT INTO "key" VALUES(X'018599F0D6450587694BEDBB779879E9','16bf74e75df44a962e8a9b6feca914dd',0);
INSERT INTO "key" VALUES(X'0D7A88BC80D6FF1B4DCF987EB5797D38','16bf74e75df44a962e8a9b6feca914dd',0);
INSERT INTO "key" VALUES(X'113B236B3CF469B12C6673863D185274','16bf74e75df44a962e8a9b6feca914dd',1);
INSERT INTO "key" VALUES(X'164BF2551242398601220531CCB78D0B','87ec4d7bcf8c0a21223b8da7790880b9',1);
INSERT INTO "key" VALUES(X'1997286E8AEFC18975187E7A261F0396','16bf74e75df44a962e8a9b6feca914dd',0);
INSERT INTO "key" VALUES(X'1B8D4BACCA458C656EB2993B33643E81','748fcfd5a80809f7b6acc922493a3a9c',0);
INSERT INTO "key" VALUES(X'1BC85E8E7D5FD6ABA935AA507DDE2BDA','1e66d34fca09b3117715d8b2a7c0ba22',1);
INSERT INTO "key" VALUES(X'20826FB36C28ED0383DACDCD31F3BAC4','8df78f71859ce10b7d0fbb67d828f184',0);
INSERT INTO "key" VALUES(X'2CC955156C59AAF336317BC5426D6C0C','16bf74e75df44a962e8a9b6feca914dd',1);
INSERT INTO "key" VALUES(X'32431E54392274ADF7774C5E16A7244B','000e708df666ae1468570a8eb9d2fdec',0);
INSERT INTO "key" VALUES(X'4439ADFE74C8C3BE311784AF42F4BA81','87ec4d7bcf8c0a21223b8da7790880b9',0);
INSERT INTO "key" VALUES(X'47D357EEFF73F465859CE2E219E36B0D','1f3d1dc46879105bd72f0350a79bb82a',0);
INSERT INTO "key" VALUES(X'4A9F6391EF2C4E59D49877FCD3A64370','1f3d1dc46879105bd72f0350a79bb82a',0);
INSERT INTO "key" VALUES(X'4A9F6391EF2C4E59D49877FCD3A64370','87ec4d7bcf8c0a21223b8da7790880b9',0);
INSERT INTO "key" VALUES(X'4D9314245DFE9CE5663D4A8D43FEDE0E','1f3d1dc46879105bd72f0350a79bb82a',1);
INSERT INTO "key" VALUES(X'50C7CA60643CDE056B2692536FB2216C','000e708df666ae1468570a8eb9d2fdec',0);
INSERT INTO "key" VALUES(X'53476C9D2C593FDB8F14EAA1607F84FD','16bf74e75df44a962e8a9b6feca914dd',1);
INSERT INTO "key" VALUES(X'53D70600AA02ECC64C8F9A9799FD9FDA','16bf74e75df44a962e8a9b6feca914dd',0);
INSERT INTO "key" VALUES(X'5A4B0BD6325E9B28C5F5711A53FB809D','1e66d34fca09b3117715d8b2a7c0ba22',0);
INSERT INTO "key" VALUES(X'67A82F6312418511796518022542847A','8df78f71859ce10b7d0fbb67d828f184',1);
INSERT INTO "key" VALUES(X'697B44EB5BA1F2128D7546E85A2F7C80','748fcfd5a80809f7b6acc922493a3a9c',0);
INSERT INTO "key" VALUES(X'6CAB9C8B336582EB04442C387BB786B6','1e66d34fca09b3117715d8b2a7c0ba22',0);
INSERT INTO "key" VALUES(X'806355CB8D8FA9A5B6B1999486F89509','8df78f71859ce10b7d0fbb67d828f184',0);
INSERT INTO "key" VALUES(X'836091DC64AB2DE1DAFE37E3AE67BECD','8df78f71859ce10b7d0fbb67d828f184',1);
INSERT INTO "key" VALUES(X'863D5B36692ACAC228BA6E9BF283D7B4','8df78f71859ce10b7d0fbb67d828f184',0);
INSERT INTO "key" VALUES(X'8A96324FA19277B4D48C9CC7B9245352','87ec4d7bcf8c0a21223b8da7790880b9',1);
INSERT INTO "key" VALUES(X'8FE9413734AAB6EA05678959AFB83D99','000e708df666ae1468570a8eb9d2fdec',0);
INSERT INTO "key" VALUES(X'99D281B0F314EA6B8BA8CC0400F0A1A7','000e708df666ae1468570a8eb9d2fdec',0);
INSERT INTO "key" VALUES(X'A2304325D1454B176CF50B529941FE26','1e66d34fca09b3117715d8b2a7c0ba22',0);
INSERT INTO "key" VALUES(X'A34142E2B91FC8A7539A9B8EAD6D8984','8df78f71859ce10b7d0fbb67d828f184',0);
INSERT INTO "key" VALUES(X'AFFE134C8860F3F11113861F2231364F','000e708df666ae1468570a8eb9d2fdec',0);
INSERT INTO "key" VALUES(X'B1DC6433B47E68FD38CFD874F441C340','8df78f71859ce10b7d0fbb67d828f184',0);
INSERT INTO "key" VALUES(X'B87EA1A2F816037E27A333A22BEAF1ED','000e708df666ae1468570a8eb9d2fdec',1);
INSERT INTO "key" VALUES(X'B9A8BCCEC6107B8D2549965172D70F4C','748fcfd5a80809f7b6acc922493a3a9c',0);
INSERT INTO "key" VALUES(X'BE0599D8E280E49470594F7C54C60BFB','1e66d34fca09b3117715d8b2a7c0ba22',0);
INSERT INTO "key" VALUES(X'BEF28EFEFF8A493F0A168C1277D0E1F3','1f3d1dc46879105bd72f0350a79bb82a',0);
INSERT INTO "key" VALUES(X'BEF28EFEFF8A493F0A168C1277D0E1F3','87ec4d7bcf8c0a21223b8da7790880b9',0);
INSERT INTO "key" VALUES(X'C8F3A51767814C4CAC54985ADD7B17B8','748fcfd5a80809f7b6acc922493a3a9c',1);
INSERT INTO "key" VALUES(X'C980B25AB5BE49D16D472602009EC1FF','000e708df666ae1468570a8eb9d2fdec',0);
INSERT INTO "key" VALUES(X'D7B6ADA6CD41153A6692F61D64AD69F5','16bf74e75df44a962e8a9b6feca914dd',0);
INSERT INTO "key" VALUES(X'DA0E279D3FDBFE21F513CD5D809F90FA','748fcfd5a80809f7b6acc922493a3a9c',0);
INSERT INTO "key" VALUES(X'DDA40F3B32F7F4721C2352EE9EBFD194','1f3d1dc46879105bd72f0350a79bb82a',0);
INSERT INTO "key" VALUES(X'DDA40F3B32F7F4721C2352EE9EBFD194','87ec4d7bcf8c0a21223b8da7790880b9',0);
INSERT INTO "key" VALUES(X'E3BD56555AFE9628CA13F0E7662BDE91','16bf74e75df44a962e8a9b6feca914dd',0);
INSERT INTO "key" VALUES(X'E57B2DC20FF71DEDB6D3C35E2DF87C31','1f3d1dc46879105bd72f0350a79bb82a',0);
INSERT INTO "key" VALUES(X'E57B2DC20FF71DEDB6D3C35E2DF87C31','87ec4d7bcf8c0a21223b8da7790880b9',0);
INSERT INTO "key" VALUES(X'EAAB21921261A6286472522C95CDFF0F','748fcfd5a80809f7b6acc922493a3a9c',1);
INSERT INTO "key" VALUES(X'EC45CADDAE2071CB192B8F63BA0232D9','000e708df666ae1468570a8eb9d2fdec',1);
INSERT INTO "key" VALUES(X'EE2D99CA5E05BD7E0D6F09B8EFF44AC4','000e708df666ae1468570a8eb9d2fdec',0);
INSERT INTO "key" VALUES(X'F77738DED4C55581479ECF71269B233B','1e66d34fca09b3117715d8b2a7c0ba22',0);
CREATE TABLE label (
	article_id VARCHAR(32) NOT NULL, 
	source_id INTEGER NOT NULL, 
	origin VARCHAR(6) NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	value TEXT NOT NULL, 
	scheme TEXT, 
	label TEXT, 
	CONSTRAINT pk_label PRIMARY KEY (article_id, source_id, origin, position), 
	CONSTRAINT fk_label_article_id FOREIGN KEY(article_id) REFERENCES article (id), 
	CONSTRAINT fk_label_source_id FOREIGN KEY(source_id) REFERENCES source (id)
)
 WITHOUT ROWID

;
INSERT INTO "label" VALUES('000e708df666ae1468570a8eb9d2fdec',1,'source',0,'category','first',NULL,'first');
INSERT INTO "label" VALUES('000e708df666ae1468570a8eb9d2fdec',1,'source',1,'tag','one',NULL,NULL);
INSERT INTO "label" VALUES('16bf74e75df44a962e8a9b6feca914dd',1,'source',0,'category','first',NULL,'first');
INSERT INTO "label" VALUES('16bf74e75df44a962e8a9b6feca914dd',1,'source',1,'tag','one',NULL,NULL);
INSERT INTO "label" VALUES('16bf74e75df44a962e8a9b6feca914dd',2,'source',0,'category','world-news',NULL,'World News');
INSERT INTO "label" VALUES('16bf74e75df44a962e8a9b6feca914dd',2,'source',1,'category','city',NULL,'city');
INSERT INTO "label" VALUES('16bf74e75df44a962e8a9b6feca914dd',2,'source',2,'tag','second',NULL,NULL);
INSERT INTO "label" VALUES('1e66d34fca09b3117715d8b2a7c0ba22',3,'source',0,'category','city',NULL,'city');
INSERT INTO "label" VALUES('1e66d34fca09b3117715d8b2a7c0ba22',3,'source',1,'tag','third',NULL,NULL);
INSERT INTO "label" VALUES('1f3d1dc46879105bd72f0350a79bb82a',1,'source',0,'category','first',NULL,'first');
INSERT INTO "label" VALUES('1f3d1dc46879105bd72f0350a79bb82a',1,'source',1,'tag','one',NULL,NULL);
INSERT INTO "label" VALUES('748fcfd5a80809f7b6acc922493a3a9c',3,'entry',0,'term','world',NULL,NULL);
INSERT INTO "label" VALUES('748fcfd5a80809f7b6acc922493a3a9c',3,'source',0,'category','city',NULL,'city');
INSERT INTO "label" VALUES('748fcfd5a80809f7b6acc922493a3a9c',3,'source',1,'tag','third',NULL,NULL);
INSERT INTO "label" VALUES('87ec4d7bcf8c0a21223b8da7790880b9',2,'source',0,'category','world-news',NULL,'World News');
INSERT INTO "label" VALUES('87ec4d7bcf8c0a21223b8da7790880b9',2,'source',1,'category','city',NULL,'city');
INSERT INTO "label" VALUES('87ec4d7bcf8c0a21223b8da7790880b9',2,'source',2,'tag','second',NULL,NULL);
INSERT INTO "label" VALUES('8df78f71859ce10b7d0fbb67d828f184',2,'source',0,'category','world-news',NULL,'World News');
INSERT INTO "label" VALUES('8df78f71859ce10b7d0fbb67d828f184',2,'source',1,'category','city',NULL,'city');
INSERT INTO "label" VALUES('8df78f71859ce10b7d0fbb67d828f184',2,'source',2,'tag','second',NULL,NULL);
CREATE TABLE note (
	name VARCHAR(80) NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_note PRIMARY KEY (name)
);
INSERT INTO "note" VALUES('style','2031031486d4959953e1fe62bbed96fc');
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
INSERT INTO "revision" VALUES(1,'000e708df666ae1468570a8eb9d2fdec',1795915931000000,'Story number 2','word2x2 word2x4 word2x6 word2x8 word2x10 word2x12 word2x14 word2x16 word2x18 word2x20 word2x22 word2x24 word2x26 word2x28 word2x30 word2x32 word2x34 word2x36 word2x38 word2x40 word2x42 word2x44 word2x46 word2x48 word2x50 word2x52 word2x54 word2x56 word2x58 word2x60 word2x62 word2x64 word2x66 word2x68 word2x70 word2x72 word2x74 word2x76 word2x78 word2x80 word2x82 word2x84 word2x86 word2x88 word2x90 word2x92 word2x94 word2x96 word2x1 word2x3 word2x5 word2x7 word2x9 word2x11 word2x13 word2x15 word2x17 word2x19 word2x21 word2x23','word2x2 word2x4 word2x6 word2x8 word2x10 word2x12 word2x14 word2x16 word2x18 word2x20 word2x22 word2x24 word2x26 word2x28 word2x30 word2x32 word2x34 word2x36 word2x38 word2x40 word2x42 word2x44 word2x46 word2x48 word2x50 word2x52 word2x54 word2x56 word2x58 word2x60 word2x62 word2x64 word2x66 word2x68 word2x70 word2x72 word2x74 word2x76 word2x78 word2x80 word2x82 word2x84 word2x86 word2x88 word2x90 word2x92 word2x94 word2x96 word2x1 word2x3...');
CREATE TABLE source (
	id INTEGER NOT NULL, 
	ordinal INTEGER NOT NULL, 
	settings JSON NOT NULL, 
	name TEXT NOT NULL, 
	url TEXT NOT NULL, 
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
	truncated_digest BLOB, 
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
	requested_interval BIGINT NOT NULL, 
	skip_hours JSON NOT NULL, 
	skip_days JSON NOT NULL, 
	feed_info JSON NOT NULL, 
	CONSTRAINT pk_source PRIMARY KEY (id)
);
INSERT INTO "source" VALUES(1,0,'{"name":"first","url":"http://127.0.0.1:18799/a.xml","categories":["first"],"tags":["one"],"language":"en","interval":"1h"}','first','http://127.0.0.1:18799/a.xml',1,1,1795915915000000,0,NULL,'6fc617eb1c7d443faa72f079e1ca71ed','127.0.0.1:18799',NULL,NULL,NULL,NULL,X'6E82F651882D00308CFE8AC6925F2D50',NULL,X'3D5E4372736D839EA752F3AD57C267F97F63589836442DFE',1795915931000000,1795919645000000,'interval',200,0,NULL,NULL,3,NULL,0,'[]','[]','{"title": "A source", "link": "https://source.example/"}');
INSERT INTO "source" VALUES(2,1,'{"name":"second","url":"http://127.0.0.1:18799/b.xml","categories":["World News","city"],"tags":["second"],"interval":"1h"}','second','http://127.0.0.1:18799/b.xml',1,1,1795915915000000,0,NULL,'d6ad85edea034fa193719a69f10d42ae','127.0.0.1:18799',NULL,NULL,NULL,NULL,X'0B6B7BF71459C84FF91F14A3DA4E52DF',NULL,X'58FD0DE3A3F824D8F618343FC967E2ED85CAA718B3C1C45B',1795915938000000,1795919660000000,'interval',200,0,NULL,NULL,3,NULL,0,'[]','[]','{"title": "A source", "link": "https://source.example/"}');
INSERT INTO "source" VALUES(3,2,'{"name":"third","url":"http://127.0.0.1:18799/c.xml","categories":["city"],"tags":["third"],"interval":"1h"}','third','http://127.0.0.1:18799/c.xml',1,1,1795915915000000,0,NULL,'30a0382764724505ba9bf7615c96b925','127.0.0.1:18799',NULL,NULL,NULL,NULL,X'6C8504D1DA517738897125E04FE3BC8A',NULL,X'FEC27CDC5A42E1409DAFDD1F2646E23D',1795915943000000,1795919571000000,'interval',200,0,NULL,NULL,2,NULL,0,'[]','[]','{"title": "A source", "link": "https://source.example/"}');
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
CREATE TABLE topic (
	path VARCHAR(100) NOT NULL, 
	digest BLOB NOT NULL, 
	due BIGINT, 
	failures INTEGER NOT NULL, 
	CONSTRAINT pk_topic PRIMARY KEY (path)
);
CREATE INDEX ix_source_leased ON source (host) WHERE lease_until IS NOT NULL;
CREATE INDEX ix_source_host ON source (host);
CREATE INDEX ix_source_moved_to ON source (moved_to);
CREATE INDEX ix_source_url ON source (url);
CREATE INDEX ix_source_due ON source (next_fetch) WHERE present IS 1 AND enabled IS 1 AND paused IS NULL;
CREATE INDEX ix_category_pending ON category (name) WHERE pending IS 1;
CREATE INDEX ix_topic_due ON topic (due) WHERE due IS NOT NULL;
CREATE INDEX ix_article_cluster ON article (cluster);
CREATE INDEX ix_article_pending ON article (id) WHERE pending IS 1;
CREATE INDEX ix_subscription_due ON subscription (due);
CREATE INDEX ix_article_source_source_id ON article_source (source_id);
CREATE INDEX ix_article_category_newest ON article_category (category, published DESC, first_seen DESC, position, article_id) WHERE hidden IS 0;
CREATE UNIQUE INDEX uq_key_strong ON "key" (digest) WHERE strong IS 1;
CREATE INDEX ix_revision_article_id ON revision (article_id);
COMMIT;
